// Access rules as clients name them, in set_acl and in create: `objectType` is the type, `summary` the action, `content`
// the value.
import type { ProposedAcl } from '../../room/acl-check.ts'
import type { Part } from './activity.ts'
import { CODE, type Refusal, refusal } from './errors.ts'

/** What is left out or blank is null; the core says what is wrong with the rest. */
export function proposedAcls(attachments: readonly Part[]): readonly ProposedAcl[] | Refusal {
  if (attachments.some(({ objectType }) => objectType === undefined))
    return refusal(CODE.MISSING_ATTACHMENT_TYPE, 'no objectType on attachment for object')
  return attachments.map(({ objectType = null, summary = null, content = null }) => ({
    type: objectType,
    action: summary,
    value: content,
  }))
}
