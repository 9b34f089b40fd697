import { privateRegistry } from '../../domain/references.ts'
import { beginUpload } from '../../domain/uploads.ts'
import { optional, struct } from '../../model/schema.ts'
import { partSize, uploadId } from '../../model/shapes/layer.ts'
import { inRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html */
export const initiateLayerUpload = operation({
  service: ecr,
  name: 'InitiateLayerUpload',
  input: struct(inRepository),
  output: struct({ uploadId: optional(uploadId), partSize: optional(partSize) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'KmsException'],
  allow: onRepository('InitiateLayerUpload'),
  handle: async (ctx, input) => {
    const upload = await beginUpload(ctx, privateRegistry(ctx, input.registryId), input.repositoryName)
    return { uploadId: upload.id, partSize: ctx.limits.partBytesAdvised }
  },
})
