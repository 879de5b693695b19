// The code with which a room is joined: kept as what it cannot be read from, and guessed a few times a minute at most.
import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { JoinCode } from '../../../room/events.ts'
import type { RoomState } from '../../../room/state.ts'
import { JOIN_CODE_TRIES } from '../limits.ts'
import type { Call } from '../method.ts'

const derive = promisify<string, string, number, Buffer>(scrypt)
const BYTES = 32

export async function sealCode({ gate }: Pick<Call, 'gate'>, code: string): Promise<JoinCode> {
  const salt = Buffer.from(gate.parts.random.bytes(16)).toString('base64')
  return { salt, digest: await digestOf(code, salt) }
}

async function digestOf(code: string, salt: string): Promise<string> {
  return (await derive(code, salt, BYTES)).toString('base64')
}

/** What the room compares (room/rights.ts); undefined where no code is asked for or none was given, null where it was
 * tried too often. The digests may be compared in any time: nobody can choose one. */
export async function codeFor(
  { gate, caller }: Pick<Call, 'gate' | 'caller'>,
  { id, config }: RoomState,
  code: string | undefined,
): Promise<string | undefined | null> {
  if (!config.joinCode || code === undefined || code === '') return undefined
  const { allowed } = await gate.parts.quota.take(`rocketchat:code:${id}:${caller.account.id}`, JOIN_CODE_TRIES)
  return allowed ? digestOf(code, config.joinCode.salt) : null
}
