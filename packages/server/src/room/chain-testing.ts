// For tests: the chain that a server would make of a log, honest or not, as a member checks it who has the key logs.
import { createHash } from 'node:crypto'
import { encodeBase64, encodeBase64NoPad, type UserId } from '@conclave/wire'
import { linkOf, startHash, toHex } from '@conclave/wire/transparency/chain'
import type { ChainCrypto } from '@conclave/wire/transparency/crypto'
import type { Fault } from '@conclave/wire/transparency/fault'
import { RoomCheck } from '@conclave/wire/transparency/room-chain'
import { isControl, type RoomEvent } from './events.ts'
import { fakeSignature, type People, ROOM } from './fixtures.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

const crypto: ChainCrypto = {
  sha256,
  verify: (key, bytes, signature) =>
    encodeBase64NoPad(signature) === fakeSignature(encodeBase64(key), Buffer.from(bytes).toString()),
}

/** `from`: sequence of the first event that the member may read; what is before it they see closed, and `reader` is who
 * they are. */
export async function checked(
  people: People,
  events: readonly RoomEvent[],
  from = 0,
  reader?: UserId,
): Promise<{ readonly check: RoomCheck; readonly faults: readonly Fault[] }> {
  const keysOf = (user: string) =>
    new Map(people.keySets.get(user as UserId)?.keys.map(key => [key.version, key]) ?? [])
  const check = new RoomCheck(ROOM, keysOf, crypto, undefined, reader)
  const faults: Fault[] = []
  let last = startHash('room chain', ROOM, sha256)
  let number = 0
  for (const { sequence, id, at, actor, body } of events) {
    if (!isControl(body)) {
      if (sequence >= from) faults.push(...(await check.message({ sequence, id, at, actor, body })))
      continue
    }
    const entry = { number: ++number, sequence, id, at, actor, salt: '', body }
    const { digest, hash } = linkOf('room chain', last, entry, sha256)
    last = hash
    const link = { number, digest: toHex(digest), hash: toHex(hash) }
    faults.push(...(await check.take(sequence < from ? link : { ...link, entry })))
  }
  faults.push(...check.end(check.head))
  return { check, faults }
}
