// `updateMessage`: another text for a message, or another ciphertext (rocketchat.md 5.8). Void, also where there is
// nothing to change; a message that is none is refused like one that is another's.
import { legacyCiphertext, parseContent } from '@conclave/wire/rocketchat/content'
import { z } from 'zod'
import { MESSAGE_EXTRA } from '../../../limits.ts'
import type { EditMessage } from '../../../room/commands/edit-message.ts'
import type { Content } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { Document } from '../encode.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { currentDocument } from '../messages/encode-message.ts'
import { type FoundMessage, messageOf } from '../messages/found-message.ts'
import { checkSaid, mentionsOf, withChannels } from '../messages/message.ts'
import { checkForm } from '../messages/message-form.ts'
import { checkEdit } from '../messages/message-rules.ts'
import { withQuotes } from '../messages/quoting.ts'
import { besideCiphertext } from '../messages/sealed.ts'
import { filtered } from '../messages/words.ts'
import { type Call, method } from '../method.ts'
import { id, list } from '../params.ts'
import { submit } from '../submit.ts'

const NAME = 'updateMessage'

const edited = z.looseObject({ _id: id, msg: z.string().nullish(), content: z.unknown().optional() })
export type Edited = z.output<typeof edited>

const notYours = new MeteorError('error-action-not-allowed', 'Message editing not allowed', {
  method: NAME,
  action: 'Message_editing',
})

export const updateMessage = method({
  name: NAME,
  params: list(edited, z.array(z.string()).nullish()),
  async run(call, [message, previewUrls]) {
    const found = await messageOf(call.gate, call.caller, message._id)
    if (!found) return notYours
    return (await edit(call, found, message, !!previewUrls)) ?? undefined
  },
})

/** What may be another than it was. */
const ALLOWED: ReadonlySet<string> = new Set([
  'tshow',
  'alias',
  'attachments',
  'avatar',
  'emoji',
  'msg',
  'customFields',
  'content',
  'e2eMentions',
])
/** Of these, what a plain message keeps beside its text. */
const BESIDE = ['tshow', 'alias', 'attachments', 'avatar', 'emoji', 'customFields'] as const

/** `again`: also where the text stays as it is. */
export async function edit(
  call: Call,
  message: FoundMessage,
  change: Edited,
  again: boolean,
): Promise<MeteorError | null> {
  const { gate, caller } = call
  const { room, event, body, target, inside } = message
  const before = await currentDocument(gate.parts, event, room)
  for (const [key, value] of Object.entries(change)) {
    if (ALLOWED.has(key) || isSame(value, before[key])) continue
    return new MeteorError('error-invalid-update-key', `Cannot update the message ${key}`, { method: NAME })
  }
  if (!again && !change.customFields && !change.content && isSame(change.msg ?? before.msg, textOf(before))) return null
  const refused =
    checkEdit(gate, caller.account, message, NAME) ??
    checkForm(change) ??
    checkSaid(gate, caller, room, { ...before, ...change, tshow: false, tmid: undefined, ...unchanged(change, before) })
  if (refused) return refused
  const content = body.content.suite === 'none' ? plain(body.content, change, gate) : sealed(body.content, change)
  if (content instanceof MeteorError) return content
  const mentions = await mentionsOf(gate, caller, room, content)
  const done = await submit(call, room.id, {
    command: 'edit-message',
    actor: caller.account.id,
    target,
    content: await withQuotes(gate, caller, await withChannels(gate, caller, content)),
    ...(mentions ? { mentions } : {}),
    inside,
  })
  return isRejection(done) ? errorOf(done, NAME) : null
}

/** Who may have said it then need not be asked again. */
function unchanged(change: Edited, before: Document): Document {
  const beside: Record<string, unknown> = {}
  for (const key of ['alias', 'avatar', 'customFields'] as const)
    beside[key] = isSame(change[key], before[key]) ? undefined : change[key]
  return beside
}

/** With a file its description is what is edited. */
function textOf({ msg, attachments }: Document): unknown {
  return descriptionIn(attachments) ?? msg
}

function descriptionIn(attachments: unknown): unknown {
  const [first] = Array.isArray(attachments) ? attachments : []
  return (first as { description?: unknown } | undefined)?.description
}

function plain(
  content: Extract<Content, { suite: 'none' }>,
  change: Edited,
  gate: Call['gate'],
): EditMessage['content'] | MeteorError {
  if (change.content) return sealed(content, change)
  const extra: Record<string, unknown> = { ...content.extra?.rocketchat }
  delete extra.channels
  // What quotes is made anew of the text. Clients expect the list, once there was one.
  const held = extra.attachments ?? (extra.quotes ? [] : undefined)
  if (Array.isArray(held) && change.attachments === undefined) extra.attachments = held.filter(each => !isQuote(each))
  delete extra.quotes
  for (const key of BESIDE) if (change[key] !== undefined) extra[key] = change[key]
  let text = filtered(gate, change.msg ?? content.text)
  const attachments = content.extra?.rocketchat?.attachments
  if (descriptionIn(attachments) !== undefined && change.attachments === undefined) {
    const [first, ...rest] = attachments as object[]
    extra.attachments = [{ ...first, description: text }, ...rest]
    text = content.text
  }
  const nothing = text === '' && !extra.attachments && !extra.files && !extra.file
  if (nothing) return errorOf({ rejected: 'message.empty' }, NAME)
  if (JSON.stringify(extra).length > MESSAGE_EXTRA)
    return errorOf({ rejected: 'message.size', limit: MESSAGE_EXTRA }, NAME)
  return { suite: 'none', text, extra: { ...content.extra, rocketchat: extra } }
}

function isQuote(attachment: unknown): boolean {
  return typeof attachment === 'object' && attachment !== null && 'message_link' in attachment
}

/** What stood beside the ciphertext stays, but for whom it names. */
function sealed(content: Content, { content: given, msg, e2eMentions }: Edited): EditMessage['content'] | MeteorError {
  const parsed = given ? parseContent(given) : undefined
  const bare = !given && msg && legacyCiphertext(msg) ? { content: null, msg } : undefined
  const fits = !(parsed && msg && !legacyCiphertext(msg))
  const ciphertext = parsed && fits ? { content: parsed.content, msg: '' } : bare
  if (!ciphertext) return errorOf({ rejected: 'message.plaintext' }, NAME)
  const beside = besideCiphertext({ e2eMentions })
  if ('refused' in beside)
    return new MeteorError('error-invalid-params', 'The mentions are malformed', { method: NAME })
  const { e2eMentions: _, ...kept } = content.suite === 'rocketchat' ? (content.extra ?? {}) : {}
  const extra = { ...kept, ...beside.kept }
  return { suite: 'rocketchat', ...ciphertext, ...(Object.keys(extra).length > 0 ? { extra } : {}) }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
