// Publications (rocketchat.md 1.6, 3): who may subscribe to which event of which stream.
import { invalidEventName, MeteorError, matchFailed, notAllowedToRead } from './errors.ts'
import { EVENT_NAME } from './limits.ts'
import { NOTHING, type Opened, type Publication } from './live/opened.ts'
import { myMessages, notifyRoom, roomEvent, roomMessages } from './live/streams-of-rooms.ts'
import { notifyUser, watchPresence } from './live/streams-of-users.ts'
import type { Permission } from './settings/permission-table.ts'

/** What is the same for everybody who listens. */
const broadcast =
  (stream: string, may: (...asking: Parameters<Publication>) => boolean): Publication =>
  async (asking, eventName, options) =>
    may(asking, eventName, options)
      ? asking.gate.broadcasts.listen(asking.session, stream, eventName, asking.caller !== null)
      : notAllowedToRead

const anybody = () => true
const loggedIn: Parameters<typeof broadcast>[1] = ({ caller }) => caller !== null
const allowed =
  (...permissions: readonly Permission[]): Parameters<typeof broadcast>[1] =>
  ({ gate, caller }) =>
    caller !== null && permissions.some(id => gate.permissions.may(caller.account, id))
const nobody: Publication = async () => notAllowedToRead

/** What is told of settings that are not public. */
export const SEES_SETTINGS: readonly Permission[] = [
  'view-privileged-setting',
  'edit-privileged-setting',
  'manage-selected-settings',
]

const STREAMS: ReadonlyMap<string, Publication> = new Map<string, Publication>([
  ['room-messages', (asking, name) => (name === '__my_messages__' ? myMessages(asking) : roomMessages(asking, name))],
  ['notify-room', notifyRoom],
  ['room-data', (asking, rid) => roomEvent(asking, rid, 'room-data', '')],
  ['notify-user', notifyUser],
  ['notify-room-users', nobody],
  ['notify-all', broadcast('notify-all', anybody)],
  [
    'notify-logged',
    broadcast('notify-logged', (asking, name, options) =>
      (name === 'private-settings-changed' ? allowed(...SEES_SETTINGS) : loggedIn)(asking, name, options),
    ),
  ],
  ['roles', broadcast('roles', loggedIn)],
  ['apps', broadcast('apps', anybody)],
  ['importers', broadcast('importers', anybody)],
  // What this server has nothing to tell of, with the rights that it would take.
  ['stdout', broadcast('stdout', allowed('view-logs'))],
  ['integrationHistory', broadcast('integrationHistory', allowed('manage-outgoing-integrations'))],
  ['apps-engine', nobody],
  ['canned-responses', nobody],
  ['livechat-room', nobody],
  ['livechat-inquiry-queue-observer', nobody],
  ['local', nobody],
])
const PREFIX = 'stream-'
/** Everything that a client may try to write to. */
export const STREAM_METHODS: readonly string[] = [...STREAMS.keys(), 'user-presence'].map(name => PREFIX + name)

/** Publications that are no streams: accepted, with nothing in them. */
const PLAIN = new Set([
  'meteor.loginServiceConfiguration',
  'meteor_autoupdate_clientVersions',
  'userData',
  'activeUsers',
])

/** What to do with a `sub`: `ready`, with a document before it where `collection` is named; an end without an error,
 * for what was only a change of an earlier one; or a refusal. */
export type Subscribed =
  | { readonly opened: Opened; readonly collection: string | null; readonly eventName: string }
  | { readonly done: true }
  | { readonly refused: MeteorError }

export async function subscribe(asking: Asked, name: string, params: readonly unknown[]): Promise<Subscribed> {
  if (PLAIN.has(name)) return { opened: NOTHING, collection: null, eventName: '' }
  const [eventName, options] = params
  if (name === 'stream-user-presence') {
    const watched = watchPresence(asking, options)
    if (watched instanceof MeteorError) return { refused: watched }
    return watched === 'changed' ? { done: true } : { opened: watched, collection: null, eventName: '' }
  }
  const publication = name.startsWith(PREFIX) ? STREAMS.get(name.slice(PREFIX.length)) : undefined
  if (!publication) return { refused: new MeteorError(404, `Subscription '${name}' not found`) }
  if (typeof eventName !== 'string') return { refused: matchFailed }
  if (eventName === '' || eventName.length > EVENT_NAME) return { refused: invalidEventName }
  const opened = await publication(asking, eventName, options)
  if (opened instanceof MeteorError) return { refused: opened }
  return { opened, collection: wantsCollection(options) ? name : null, eventName }
}

type Asked = Parameters<Publication>[0]

/** `true`, or `{useCollection: true}` (rocketchat.md 1.6). */
function wantsCollection(options: unknown): boolean {
  if (typeof options === 'object' && options !== null) {
    return (options as { useCollection?: unknown }).useCollection === true
  }
  return options === true
}
