// Made by `npm run docs` from the declarations of the operations; changes here are lost.

/** The errors that AWS's model declares, by operation. */
export const ecrPublicErrors = {
  BatchCheckLayerAvailability: ['InvalidParameterException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  BatchDeleteImage: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  CompleteLayerUpload: ['EmptyUploadException', 'InvalidLayerException', 'InvalidParameterException', 'LayerAlreadyExistsException', 'LayerPartTooSmallException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException', 'UploadNotFoundException'],
  CreateRepository: ['InvalidParameterException', 'InvalidTagParameterException', 'LimitExceededException', 'RepositoryAlreadyExistsException', 'ServerException', 'TooManyTagsException', 'UnsupportedCommandException'],
  DeleteRepository: ['InvalidParameterException', 'RepositoryNotEmptyException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  DeleteRepositoryPolicy: ['InvalidParameterException', 'RepositoryNotFoundException', 'RepositoryPolicyNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  DescribeImageTags: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  DescribeImages: ['ImageNotFoundException', 'InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  DescribeRegistries: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  DescribeRepositories: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  GetAuthorizationToken: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  GetRegistryCatalogData: ['ServerException', 'UnsupportedCommandException'],
  GetRepositoryCatalogData: ['InvalidParameterException', 'RepositoryCatalogDataNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  GetRepositoryPolicy: ['InvalidParameterException', 'RepositoryNotFoundException', 'RepositoryPolicyNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  InitiateLayerUpload: ['InvalidParameterException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  ListTagsForResource: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  PutImage: ['ImageAlreadyExistsException', 'ImageDigestDoesNotMatchException', 'ImageTagAlreadyExistsException', 'InvalidParameterException', 'LayersNotFoundException', 'LimitExceededException', 'ReferencedImagesNotFoundException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  PutRegistryCatalogData: ['InvalidParameterException', 'ServerException', 'UnsupportedCommandException'],
  PutRepositoryCatalogData: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  SetRepositoryPolicy: ['InvalidParameterException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException'],
  TagResource: ['InvalidParameterException', 'InvalidTagParameterException', 'RepositoryNotFoundException', 'ServerException', 'TooManyTagsException', 'UnsupportedCommandException'],
  UntagResource: ['InvalidParameterException', 'InvalidTagParameterException', 'RepositoryNotFoundException', 'ServerException', 'TooManyTagsException', 'UnsupportedCommandException'],
  UploadLayerPart: ['InvalidLayerPartException', 'InvalidParameterException', 'LimitExceededException', 'RegistryNotFoundException', 'RepositoryNotFoundException', 'ServerException', 'UnsupportedCommandException', 'UploadNotFoundException'],
} as const
