// `stowage/testing`: a registry with state for tests, in their own process. docs/testing.md is its guide.

export { artifact, image, index, layer } from './fixtures.ts'
export type {
  ArtifactOptions,
  FixtureBlob,
  ImageFixture,
  ImageOptions,
  IndexFixture,
  IndexOptions,
  LayerOptions,
  Platform,
} from './fixtures.ts'
export type { AddedFault, Fault, FaultEffect, Faults, FaultTarget } from './faults.ts'
export type { PutOptions } from './put-fixture.ts'
export type { RegistryFetch } from './registry-fetch.ts'
export type { PerformedOperation, RecordedRequest, RequestLog } from './request-log.ts'
export type { SdkRequest, SdkRequestHandler, SdkResponse } from './sdk-request-handler.ts'
export type { Snapshot } from './snapshots.ts'
export { startRegistry } from './start-registry.ts'
export type { RegistryOptions, RegistrySettings, TestRegistry } from './start-registry.ts'
