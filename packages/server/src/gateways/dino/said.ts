// What users say of themselves (dino.md section 4, update_user_info). It is kept apart from what the operator says of
// them and opens nothing, unless the operator trusts it (`dino.trustInfo`): then it is as if the operator had said it.
import { dinoBase64 } from '@conclave/wire'
import type { AccountChange } from '../../identity/account-form.ts'
import { ATTRIBUTE_NAME, ATTRIBUTE_VALUE } from '../../identity/limits.ts'
import type { IdentityRejection } from '../../identity/rejection.ts'
import { isRefused } from '../../identity/rejection.ts'
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { echo, type Part } from './activity.ts'
import { CODE, type Refusal, refusal } from './errors.ts'
import { SAID, SAID_CHARS } from './limits.ts'
import { shownInfo } from './people.ts'

/** Plain texts by name. */
export type Said = ReadonlyMap<string, string>

/** Who the user is, what they may and where they come from is not theirs to say; clients of operators show `ip`. */
const NOT_THEIRS = new Set(['token', 'user_id', 'user_name', 'excluded_list', 'invisible', 'ip', '__proto__'])
const NAME = /^[\w.:-]+$/

/** Checked in the order of the real server; the last one counts where a name comes twice. */
export function saidBy(object: Part | undefined): Said | Refusal {
  const { attachments = [] } = object ?? {}
  if (attachments.length === 0) return refusal(CODE.MISSING_OBJECT_ATTACHMENTS, 'no attachments on object')
  const said = new Map<string, string>()
  for (const { objectType, content } of attachments) {
    if (objectType === undefined) return refusal(CODE.MISSING_ATTACHMENT_TYPE, 'no objectType on attachment for object')
    if (content === undefined) return refusal(CODE.MISSING_ATTACHMENT_CONTENT, 'no content on attachment for object')
    const value = dinoBase64(content)
    if (value === undefined) return refusal(CODE.NOT_BASE64, 'content on attachment for object is not base64 encoded')
    const unfit = checkOne(objectType, value)
    if (unfit) return unfit
    said.set(objectType, value)
  }
  return said.size > SAID ? TOO_MUCH : said
}

function checkOne(name: string, value: string): Refusal | null {
  if (NOT_THEIRS.has(name.toLowerCase())) return refusal(CODE.NOT_ALLOWED, `not allowed to change "${name}"`)
  if (name.length > ATTRIBUTE_NAME || !NAME.test(name))
    return refusal(CODE.VALIDATION_ERROR, `"${echo(name)}" is no name of a detail`)
  if (value.length <= ATTRIBUTE_VALUE) return null
  return refusal(CODE.VALIDATION_ERROR, `"${name}" is longer than ${ATTRIBUTE_VALUE} characters`)
}

/** What becomes of the account; refused where it would hold too much: everybody who enters a room is shown all of it. */
export function saying({ config }: GatewayParts, said: Said): (account: Account) => AccountChange | IdentityRejection {
  const field = config.dino.trustInfo ? 'attributes' : 'info'
  return account => {
    const before = account[field]
    const after = { ...before, ...Object.fromEntries(said) }
    const grows = sizeOf(after) > sizeOf(before)
    if (grows && (Object.keys(after).length > SAID || sizeOf(after) > SAID_CHARS))
      return { rejected: 'user.malformed', field, text: TOO_MUCH.text }
    return field === 'info' ? { info: after } : { attributes: after }
  }
}

/** Characters of all names and values. */
function sizeOf(details: Readonly<Record<string, string>>): number {
  return Object.entries(details).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}

export const TOO_MUCH = refusal(
  CODE.TOO_MANY_ATTACHMENTS,
  `a user has at most ${SAID} details of ${SAID_CHARS} characters together`,
)

/** Nobody streams any more who has just come: what they said of it is over. */
export async function streamingEnded(parts: GatewayParts, account: Account): Promise<AccountChange> {
  const { is_streaming = '0' } = shownInfo(account)
  if (is_streaming === '0' || is_streaming === '') return {}
  if ((await parts.presence.sessionsOf(account.id)).length > 0) return {}
  const change = saying(parts, new Map([['is_streaming', '0']]))(account)
  return isRefused(change) ? {} : change
}
