// Walking over operations that answer in pages: page by page, or item by item.

/** The list in a page, by operation of the private API. Scan findings are of two kinds: they have pages, no items. */
export const privateLists = {
  DescribeImages: 'imageDetails',
  DescribePullThroughCacheRules: 'pullThroughCacheRules',
  DescribeReplicationBackfillResults: 'results',
  DescribeRepositories: 'repositories',
  DescribeRepositoryCreationTemplates: 'repositoryCreationTemplates',
  GetLifecyclePolicyPreview: 'previewResults',
  ListImageReferrers: 'referrers',
  ListImages: 'imageIds',
  ListPullTimeUpdateExclusions: 'pullTimeUpdateExclusions',
  ListReplicationBackfills: 'backfills',
} as const

/** The same for the public API. */
export const publicLists = {
  DescribeImages: 'imageDetails',
  DescribeImageTags: 'imageTagDetails',
  DescribeRegistries: 'registries',
  DescribeRepositories: 'repositories',
} as const

type Call = (name: string, input: object, options: { readonly signal?: AbortSignal | undefined }) => Promise<object>

/** Every page, each asked for when it is wanted. Throws what `call` throws. */
export async function* pagesOf(
  call: Call,
  name: string,
  input: object,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<object> {
  let nextToken: unknown
  do {
    const page = await call(name, nextToken === undefined ? input : { ...input, nextToken }, options)
    yield page
    const following: unknown = 'nextToken' in page ? page.nextToken : undefined
    if (following !== undefined && following === nextToken) {
      throw new Error(`${name} gave the same nextToken twice: the walk would never end`)
    }
    nextToken = following
  } while (nextToken !== undefined && nextToken !== null)
}

/** Every item of every page. */
export async function* itemsOf(
  call: Call,
  list: string | undefined,
  name: string,
  input: object,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator {
  if (list === undefined) throw new TypeError(`${name} does not answer in pages of one list`)
  for await (const page of pagesOf(call, name, input, options)) {
    const items = (page as Readonly<Record<string, unknown>>)[list] // an answer is a record of its members
    if (Array.isArray(items)) yield* items
  }
}
