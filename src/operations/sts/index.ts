// The operations of STS that are offered, in alphabetical order.

import type { Operation } from '../operation.ts'
import { assumeRole } from './assume-role.ts'
import { getAccessKeyInfo } from './get-access-key-info.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import { getSessionToken } from './get-session-token.ts'

export const stsOperations: readonly Operation[] = [assumeRole, getAccessKeyInfo, getCallerIdentity, getSessionToken]
