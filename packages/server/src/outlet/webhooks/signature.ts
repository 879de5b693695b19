// How a webhook call is signed: the Standard Webhooks specification, version 1.0.0, "Signature scheme".
import { createHmac } from 'node:crypto'

/** `v1,<base64>` for every key, parted by spaces: the receiver takes whichever it knows. `at` in seconds since 1970. */
export function signatures(keys: readonly Buffer[], id: string, at: number, body: string): string {
  return keys.map(key => `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`).join(' ')
}
