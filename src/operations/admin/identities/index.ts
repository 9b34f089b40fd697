// The operator's operations on identities: this list is the only way to them.

import type { Operation } from '../../operation.ts'
import { addUserToGroup } from './add-user-to-group.ts'
import { attachPolicy } from './attach-policy.ts'
import { createAccessKey } from './create-access-key.ts'
import { createGroup } from './create-group.ts'
import { createPolicy } from './create-policy.ts'
import { createRole } from './create-role.ts'
import { createUser } from './create-user.ts'
import { deleteAccessKey } from './delete-access-key.ts'
import { deleteAccount } from './delete-account.ts'
import { deleteIdentity } from './delete-identity.ts'
import { deleteInlinePolicy } from './delete-inline-policy.ts'
import { deletePermissionsBoundary } from './delete-permissions-boundary.ts'
import { deletePolicy } from './delete-policy.ts'
import { detachPolicy } from './detach-policy.ts'
import { explainAccess } from './explain-access.ts'
import { listAccounts } from './list-accounts.ts'
import { listIdentities } from './list-identities.ts'
import { listPolicies } from './list-policies.ts'
import { putAccount } from './put-account.ts'
import { putInlinePolicy } from './put-inline-policy.ts'
import { putPermissionsBoundary } from './put-permissions-boundary.ts'
import { removeUserFromGroup } from './remove-user-from-group.ts'
import { revokeSessions } from './revoke-sessions.ts'
import { tagIdentity } from './tag-identity.ts'
import { untagIdentity } from './untag-identity.ts'
import { updateAccessKey } from './update-access-key.ts'
import { updatePolicy } from './update-policy.ts'
import { updateRole } from './update-role.ts'

export const identityOperations: readonly Operation[] = [
  addUserToGroup,
  attachPolicy,
  createAccessKey,
  createGroup,
  createPolicy,
  createRole,
  createUser,
  deleteAccessKey,
  deleteAccount,
  deleteIdentity,
  deleteInlinePolicy,
  deletePermissionsBoundary,
  deletePolicy,
  detachPolicy,
  explainAccess,
  listAccounts,
  listIdentities,
  listPolicies,
  putAccount,
  putInlinePolicy,
  putPermissionsBoundary,
  removeUserFromGroup,
  revokeSessions,
  tagIdentity,
  untagIdentity,
  updateAccessKey,
  updatePolicy,
  updateRole,
]
