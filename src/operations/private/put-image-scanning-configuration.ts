import { privateRegistry } from '../../domain/references.ts'
import { changeRepository } from '../../domain/repositories.ts'
import { optional, struct } from '../../model/schema.ts'
import { imageScanningConfiguration, inRepository, ofRepository } from '../../model/shapes/repository.ts'
import { ecr, operation } from '../operation.ts'
import { onRepository } from '../resources.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html */
export const putImageScanningConfiguration = operation({
  service: ecr,
  name: 'PutImageScanningConfiguration',
  input: struct({ ...inRepository, imageScanningConfiguration }),
  output: struct({ ...ofRepository, imageScanningConfiguration: optional(imageScanningConfiguration) }),
  errors: ['ServerException', 'InvalidParameterException', 'RepositoryNotFoundException', 'ValidationException'],
  allow: onRepository('PutImageScanningConfiguration'),
  note: 'Kept and reported: there is no scanner yet.',
  handle: async (ctx, input) => {
    const registry = privateRegistry(ctx, input.registryId)
    // Go's SDK leaves a false out: an empty configuration means false.
    const scanOnPush = input.imageScanningConfiguration.scanOnPush ?? false
    await changeRepository(ctx, registry, input.repositoryName, { scanOnPush })
    return {
      registryId: registry.accountId,
      repositoryName: input.repositoryName,
      imageScanningConfiguration: { scanOnPush },
    }
  },
})
