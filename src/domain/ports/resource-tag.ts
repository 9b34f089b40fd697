/** A tag of an AWS resource or of a principal. */
export interface ResourceTag {
  readonly key: string
  readonly value: string
}
