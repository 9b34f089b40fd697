import type { Permission } from '../operation.ts'

/** `gallery:<action>`, which nobody can be denied: what is public is shown to everyone. */
export function openToAll(action: string): Permission<unknown> {
  return { action: `gallery:${action}`, anyone: true, resource: () => '*' }
}
