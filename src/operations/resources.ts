// What IAM sees of an input: the ARN of the resource an operation works on.

import type { Circumstances } from '../domain/authorisation/circumstances.ts'
import type { Context } from '../domain/context.ts'
import { parseRepositoryArn, privateRegistry, repositoryArn } from '../domain/references.ts'
import { fail } from '../model/errors.ts'
import type { Permission } from './operation.ts'

/** How an input names a repository. */
export interface NamesRepository {
  readonly registryId?: string | undefined
  readonly repositoryName: string
}

/** `ecr:<action>` on the repository that the input names. */
export function onRepository(action: string): Permission<NamesRepository> {
  return {
    action: `ecr:${action}`,
    resource: (ctx, input) => repositoryArn(privateRegistry(ctx, input.registryId), input.repositoryName),
  }
}

/** `ecr:<action>` on all repositories of a registry, as IAM asks for listings. */
export function onRegistry(action: string): Permission<{ readonly registryId?: string | undefined }> {
  return {
    action: `ecr:${action}`,
    resource: (ctx, input) =>
      input.registryId === undefined ? '*' : repositoryArn(privateRegistry(ctx, input.registryId), '*'),
  }
}

/** `ecr:<action>` on the repository whose ARN the input carries; fails with ECR's "Invalid ARN" for one of another kind or region. */
export function onArn(action: string): Permission<{ readonly resourceArn: string }> {
  return {
    action: `ecr:${action}`,
    resource: (ctx: Context, input) => {
      const { registry, name } = parseRepositoryArn(input.resourceArn)
      if (registry.region !== ctx.region)
        fail('InvalidParameterException', { parameter: 'resourceArn', constraint: 'Invalid ARN' })
      return repositoryArn(registry, name)
    },
  }
}

/** Conditions may ask for the tags of images (`ecr:ImageTag`, which AWS does not have: containers-roadmap asks for it). */
export function imageTagsOf(imageIds: readonly { readonly imageTag?: string | undefined }[]): Circumstances {
  const imageTags = imageIds.flatMap(({ imageTag }) => (imageTag === undefined ? [] : [imageTag]))
  return imageTags.length > 0 ? { imageTags } : {}
}

interface GivesTags {
  readonly tags?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined
}

/** Conditions may ask for the tags that are put. */
export const tagging = {
  circumstances: ({ tags = [] }: GivesTags): Circumstances => ({
    requestTags: tags.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value })),
  }),
}

/** The same for what is made with tags: tagging it has to be allowed too (user guide, "Tag-based access control"). */
export function taggingAs(action: string) {
  return { ...tagging, also: ({ tags = [] }: GivesTags): readonly string[] => (tags.length > 0 ? [action] : []) }
}

/** `ecr:<action>` where IAM knows no resource. */
export function onAnything(action: string): Permission<unknown> {
  return { action: `ecr:${action}`, resource: () => '*' }
}
