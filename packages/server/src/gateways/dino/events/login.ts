// `login`: a user id, a token and a name (dino.md section 2). What the user is comes from the account alone; of what the
// client claims only the shown name is taken, and that not when it is somebody else's.
import { dinoBase64, encodeUtf8Base64, uuidOf } from '@conclave/wire'
import type { Session } from '../../../engine/sessions.ts'
import type { LoginResult } from '../../../identity/login.ts'
import { isRefused } from '../../../identity/rejection.ts'
import type { Sanction } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { type Activity, echo } from '../activity.ts'
import { autojoin } from '../autojoin.ts'
import { admit as admitConnection } from '../connections/connections.ts'
import { PROVIDER } from '../encode.ts'
import { CODE, malformed, type Refusal, refusal } from '../errors.ts'
import { tellLogin } from '../external.ts'
import { tellConnected } from '../first-session.ts'
import { type Answer, type Gate, type LoginAsked, refused, stamp } from '../gate.ts'
import { FAILED_LOGIN_DELAY } from '../limits.ts'
import { plainUserName, userName } from '../names.ts'
import { globalRoles } from '../people.ts'
import { tellClosedRooms } from '../pushes/rotation.ts'
import { streamingEnded } from '../said.ts'
import type { DinoSession } from '../session.ts'
import { keepNewest } from '../single-session.ts'
import { mayHide, setStatusAtLogin } from '../statuses.ts'
import { unackedFor } from '../unacked.ts'
import { ended } from './disconnect.ts'

type Proven = Extract<LoginResult, { login: 'ok' }>

export async function login(asked: LoginAsked): Promise<Answer | 'answered'> {
  const { gate, session } = asked
  const before = session.live
  let whole = false
  try {
    const answer = await enter(asked)
    whole = true
    return answer
  } finally {
    const { live } = session
    // The socket may have gone meanwhile: then nobody would end what was begun here. And half a log-in is none: the next
    // one would take it for whole.
    if (live && (!session.socket.connected || (!whole && live !== before))) await ended(gate, session, live)
  }
}

async function enter({ gate, session, read, answer }: LoginAsked): Promise<Answer | 'answered'> {
  const admitted = read.ok ? await admit(gate, session, read.activity) : malformed(read.fault)
  if ('code' in admitted) {
    fail(gate, session)
    return refused(admitted)
  }
  if (session.failing) clearTimeout(session.failing)
  session.failing = null
  const { account } = admitted
  const before = session.live
  const live = await open(gate, session, admitted)
  if ('code' in live) {
    fail(gate, session)
    return refused(live)
  }
  admitConnection(session.socket.conn)
  tellLogin(gate, account)
  answer({ data: await describe(gate, session, account) })
  await tellClosedRooms(gate, session, live)
  await autojoin(gate, session, live, account)
  if (live.first && live !== before && session.live === live) await tellConnected(gate, account)
  await keepNewest(gate, account, live)
  return 'answered'
}

interface Admitted {
  readonly account: Account
  readonly token: Proven['token']
  /** Wants to be invisible from the first moment. */
  readonly invisible: boolean
}

async function admit(gate: Gate, session: DinoSession, activity: Activity): Promise<Admitted | Refusal> {
  const proven = await prove(gate, session, activity)
  if ('code' in proven) return proven
  const account = await named(gate.parts, proven.account, activity)
  if ('code' in account) return account
  const wantsInvisible = activity.actor?.content === 'invisible' && mayHide(gate.parts, account)
  return { account, token: proven.token, invisible: wantsInvisible }
}

/** Token, user id, and whether they belong together, in the order of the real server. */
async function prove(gate: Gate, session: DinoSession, { actor }: Activity): Promise<Proven | Refusal> {
  const { identity, config } = gate.parts
  const codes = config.dino.loginCodes === 'seed' ? SEED_CODES : RECORDED_CODES
  const token = actor?.attachments?.find(({ objectType }) => objectType === 'token')
  if (!token) return refusal(CODE.NO_USER_IN_SESSION, 'no token in session')
  if (actor?.id === undefined) return refusal(codes.user, 'no user_id supplied')
  if (token.content === undefined) return refusal(codes.token, 'no token supplied')
  const user = actor.id
  const result = await identity.login.byToken(token.content, user, session.address)
  switch (result.login) {
    case 'ok':
      return result
    case 'unknown-user':
      return refusal(codes.user, 'no session found for this user id, not logged in yet')
    case 'bad-credentials':
    case 'no-password':
    case 'expired':
      return refusal(codes.token, `invalid token "${echo(token.content)}" supplied for user id "${echo(user)}"`)
    case 'inactive':
      return refusal(CODE.NOT_ALLOWED, 'the account is disabled')
    case 'limited':
      return refusal(CODE.NOT_ALLOWED, 'too many failed log-ins, try again in a minute')
    case 'busy':
      return malformed('the server is busy, try again')
    case 'banned':
      return banned(gate, session, user, result.sanction)
  }
}

const RECORDED_CODES = { token: CODE.NOT_ALLOWED, user: CODE.NOT_ALLOWED }
const SEED_CODES = { token: CODE.INVALID_TOKEN, user: CODE.INVALID_LOGIN }

/** Tells a user who is banned from the server, and gives the refusal. */
export function banned(gate: Gate, session: DinoSession, user: string, { reason, until }: Sanction): Refusal {
  const { clock } = gate.parts
  const seconds = until === null ? null : Math.max(0, Math.ceil((until - clock.now()) / 1_000))
  const activity = {
    verb: 'ban',
    object: { content: reason === '' ? '' : encodeUtf8Base64(reason), summary: seconds ?? 0 },
    target: { objectType: 'global' },
    ...stamp(gate),
    provider: PROVIDER,
  }
  session.emit('gn_banned', JSON.stringify(activity))
  const span = seconds === null ? ' ever' : `: ${seconds}s`
  return refusal(CODE.USER_IS_BANNED, `user ${user} is banned from chatting for${span}`)
}

/** The account under the name that the client gives; without a name there is no log-in (dino.md 0, item 8). */
async function named(parts: GatewayParts, account: Account, { actor }: Activity): Promise<Account | Refusal> {
  const name = actor?.displayName === undefined ? undefined : dinoBase64(actor.displayName)
  if (name === undefined || name.trim() === '') return refusal(CODE.MISSING_ACTOR_ID, account.id)
  const isNew = name !== plainUserName(account)
  if (isNew && !parts.config.dino.trustNames && (await isAnothers(parts, account, name)))
    return refusal(CODE.NOT_ALLOWED, 'the name is reserved or belongs to another user')
  const change = { ...(isNew ? { dinoName: name } : {}), ...(await streamingEnded(parts, account)) }
  if (Object.keys(change).length === 0) return account
  const changed = await parts.identity.users.changeOwn(account.id, change)
  if (!isRefused(changed)) return changed
  if (changed.rejected === 'user.malformed') return refusal(CODE.NOT_ALLOWED, `the name ${changed.text}`)
  return malformed('the server is busy, try again')
}

/** Names that stand for the server, whoever asks for them. */
const RESERVED = new Set(['admin', 'admins'])
/** What cannot be seen, and so does not make a name another one. */
const UNSEEN = /[\p{White_Space}\p{Cf}]/gu

async function isAnothers({ identity }: GatewayParts, account: Account, name: string): Promise<boolean> {
  const seen = name.normalize('NFKC').replace(UNSEEN, '')
  const own = [account.username, account.name].map(each => each.normalize('NFKC').replace(UNSEEN, '').toLowerCase())
  if (own.includes(seen.toLowerCase())) return false
  if (RESERVED.has(seen.toLowerCase())) return true
  const holder = await identity.users.find({ username: seen })
  return holder !== undefined && holder.id !== account.id
}

/** The session of this log-in: the one there is when the same user logs in again with the same token. */
async function open(
  gate: Gate,
  session: DinoSession,
  { account, token, invisible }: Admitted,
): Promise<Session | Refusal> {
  const { sessions, identity } = gate.parts
  const before = session.live
  const isSame = before?.user === account.id && before.token === (token?.id ?? null)
  if (before && !isSame) await ended(gate, session, before)
  const failed = await setStatusAtLogin(gate, account.id, invisible)
  if (failed) return failed
  if (before && isSame) return before
  const live = await sessions.open({
    user: account.id,
    wire: 'dino',
    token: token?.id ?? null,
    expiresAt: token?.expiresAt ?? null,
    address: session.address,
    end: () => session.end(),
  })
  session.live = live
  // As the opening saw it: who became invisible with this log-in has another account now.
  gate.feeds.add(identity.accounts.peek(account.id) ?? account, session)
  await gate.feeds.attendAll(account.id, session)
  return live
}

async function describe(gate: Gate, session: DinoSession, account: Account): Promise<object> {
  const unacked = await unackedFor(gate.parts, account)
  return {
    actor: {
      id: account.id,
      summary: 'online',
      displayName: userName(account),
      content: session.socket.id,
      attachments: await rolesOf(gate, account),
    },
    ...(unacked.length > 0 ? { object: { objectType: 'history', attachments: unacked } } : {}),
    verb: 'login',
    ...stamp(gate),
    provider: PROVIDER,
  }
}

/** Rooms, channels, then everywhere; global roles under the seed's name and under the real server's. */
async function rolesOf({ parts, directory }: Gate, account: Account): Promise<readonly object[]> {
  const roles: object[] = []
  for (const room of await parts.reading.rolesOf(account.id)) {
    const held = room.roles.get(account.id)
    if (held) roles.push({ objectType: 'room_role', id: uuidOf(room.id), content: held.join(',') })
  }
  for (const { channel } of await directory.all()) {
    const held = [
      ...(channel.admins.includes(account.id) ? ['admin'] : []),
      ...(channel.owners.includes(account.id) ? ['owner'] : []),
    ]
    if (held.length > 0) roles.push({ objectType: 'channel_role', id: uuidOf(channel.id), content: held.join(',') })
  }
  const content = globalRoles(account)
  if (content !== '') roles.push({ objectType: 'global_role', content }, { objectType: 'global_roles', content })
  return roles
}

function fail(gate: Gate, session: DinoSession): void {
  if (!gate.parts.config.dino.disconnectOnFailedLogin || session.failing) return
  // The namespace alone: `41/ws`, as clients of the real server see it.
  session.failing = setTimeout(() => session.socket.disconnect(false), FAILED_LOGIN_DELAY)
  session.failing.unref()
}
