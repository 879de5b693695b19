// `rooms.favorite`, `rooms.saveDraft`, `rooms.saveNotification`, `rooms.hide`, `rooms.open`, `chat.ignoreUser`: what the
// caller makes of a membership of their own; the same as over the methods.
import { z } from 'zod'
import { dispatch } from '../dispatch.ts'
import { MeteorError } from '../errors.ts'
import { ignoreIn } from '../methods/ignoreUser.ts'
import { ridOf } from '../names.ts'
import { id } from '../params.ts'
import { known } from '../rooms/access.ts'
import { keep, membershipIn, ownMembership } from '../rooms/membership-acts.ts'
import { notificationFields } from '../rooms/notification-settings.ts'
import { isOpen } from '../rooms/subscription-document.ts'
import { Envelope, failure, type RestCall, type Route, route } from '../route.ts'
import { roomNamed } from './named-room.ts'

const favorite = route({
  verb: 'POST',
  paths: ['/v1/rooms.favorite'],
  input: z.looseObject({
    favorite: z.unknown().optional(),
    roomId: z.unknown().optional(),
    roomName: z.unknown().optional(),
  }),
  async run(call, input) {
    if (!('favorite' in input)) return failure("The 'favorite' param is required")
    const found = await roomNamed(call, input, { archived: 'taken' })
    if (found instanceof MeteorError) return found
    const { gate, caller, bytes } = call
    const params = [ridOf(found.room), input.favorite]
    const answer = await dispatch(gate, caller, { name: 'toggleFavorite', params, bytes })
    return 'error' in answer ? answer.error : {}
  },
})

const METHOD = 'saveNotificationSettings'

const saveNotification = route({
  verb: 'POST',
  paths: ['/v1/rooms.saveNotification'],
  input: z.looseObject({
    roomId: id.optional(),
    notifications: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])).optional(),
  }),
  async run({ gate, caller }, { roomId, notifications }) {
    if (roomId === undefined) return failure("The 'roomId' param is required")
    if (!notifications || Object.keys(notifications).length === 0)
      return failure("The 'notifications' param is required")
    let fields: Readonly<Record<string, unknown>> = {}
    for (const [field, value] of Object.entries(notifications)) {
      const text = typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
      const kept = notificationFields(field, text, METHOD)
      if (kept instanceof MeteorError) return kept
      fields = { ...fields, ...kept }
    }
    const own = await ownMembership(gate, caller, roomId)
    if (!own) return new MeteorError('error-invalid-subscription', 'Invalid subscription', { method: METHOD })
    await keep(gate, own, { fields })
    return {}
  },
})

/** What is none of the caller's and what is not there are told apart by nobody. */
const noneOfTheirs = new Envelope(401, { success: false, error: 'unauthorized' })

const shown = (name: string, hidden: boolean): Route =>
  route({
    verb: 'POST',
    paths: [`/v1/rooms.${name}`],
    input: z.looseObject({ roomId: id }),
    async run(call: RestCall, { roomId }) {
      const found = await known(call.gate, call.caller, roomId)
      if (!found) return noneOfTheirs
      const own = await membershipIn(call.gate, call.caller, found)
      if (!own) return new MeteorError('error-invalid-subscription', 'Invalid subscription')
      if (hidden && !isOpen(own.room, own.membership)) return failure('error-room-already-hidden')
      await keep(call.gate, own, { hidden })
      return {}
    },
  })

/** What the caller was about to say in a room. In an encrypted room it would be plaintext that the server is never given
 * (L3). */
const saveDraft = route({
  verb: 'POST',
  paths: ['/v1/rooms.saveDraft'],
  input: z.looseObject({ rid: id, draft: z.string() }),
  async run({ gate, caller }, { rid, draft }) {
    const own = await ownMembership(gate, caller, rid)
    if (!own) return new MeteorError('error-invalid-subscription', 'Invalid subscription')
    if (draft.length > gate.settings.get('Message_MaxAllowedSize')) return failure('error-message-size-exceeded')
    if (draft !== '' && own.room.suite !== 'none')
      return new MeteorError('error-not-allowed', 'Drafts of encrypted rooms stay with their writers')
    await keep(gate, own, { fields: { draft: draft === '' ? null : draft } })
    return {}
  },
})

const ignoreUser = route({
  verb: 'GET',
  paths: ['/v1/chat.ignoreUser'],
  input: z.looseObject({ rid: id.optional(), userId: id.optional(), ignore: z.string().optional() }),
  async run(call, { rid, userId, ignore }) {
    if (!rid?.trim()) return new MeteorError('error-room-id-param-not-provided', 'The required "rid" param is missing.')
    if (!userId?.trim())
      return new MeteorError('error-user-id-param-not-provided', 'The required "userId" param is missing.')
    const wanted = ignore === undefined || /^(?:true|1)$/i.test(ignore)
    const done = await ignoreIn(call, rid, userId, wanted)
    return done instanceof MeteorError ? done : {}
  },
})

export const OWN: readonly Route[] = [
  favorite,
  saveDraft,
  saveNotification,
  shown('hide', true),
  shown('open', false),
  ignoreUser,
]
