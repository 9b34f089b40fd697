import { publicRegistry } from '../../domain/public/registries.ts'
import { beginUpload } from '../../domain/uploads.ts'
import { optional, struct } from '../../model/schema.ts'
import { partSize } from '../../model/shapes/layer.ts'
import { inAnyRepository } from '../../model/shapes/public/common.ts'
import { uploadId } from '../../model/shapes/public/layer.ts'
import { ecrPublic, operation } from '../operation.ts'
import { onPublicRepository } from './public-resources.ts'

/** https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_InitiateLayerUpload.html */
export const initiateLayerUpload = operation({
  service: ecrPublic,
  name: 'InitiateLayerUpload',
  input: struct(inAnyRepository),
  output: struct({ uploadId: optional(uploadId), partSize: optional(partSize) }),
  errors: [
    'InvalidParameterException',
    'RegistryNotFoundException',
    'RepositoryNotFoundException',
    'ServerException',
    'UnsupportedCommandException',
  ],
  allow: onPublicRepository('InitiateLayerUpload'),
  handle: async (ctx, input) => {
    const upload = await beginUpload(ctx, await publicRegistry(ctx, input.registryId), input.repositoryName)
    return { uploadId: upload.id, partSize: ctx.limits.partBytesAdvised }
  },
})
