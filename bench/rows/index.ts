// Everything that is measured, in the order of the page.

import type { Family, Table } from '../row.ts'
import { apiCalls } from './api-calls.ts'
import { blobs } from './blobs.ts'
import { clients } from './clients.ts'
import { growth } from './growth.ts'
import { manifests } from './manifests.ts'
import { memory } from './memory.ts'
import { pushesAndPulls } from './pushes-and-pulls.ts'
import { skopeo } from './skopeo.ts'
import { starts } from './starts.ts'
import { tagsList } from './tags-list.ts'
import { uploads } from './uploads.ts'
import { workers } from './workers.ts'

export const families: readonly Family[] = [manifests, blobs, uploads, pushesAndPulls, skopeo, apiCalls]
export const tables: readonly Table[] = [...clients, tagsList, starts, memory, growth, workers]
