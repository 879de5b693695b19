// Where Conclave answers differently than the real server was recorded to: a defect of that server, or a sentence of
// the seed (../../protocol/dino.md) that the recording contradicts. Everything else must be as recorded.

export interface Difference {
  /** Our answer; null where the case cannot be set up. */
  readonly code: number | null
  /** What the recording contradicts, word for word. */
  readonly seed?: string
  /** Why the recording is a defect (the case itself is marked so). */
  readonly defect?: string
  /** Why such a state cannot exist. */
  readonly impossible?: string
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'history-notype': {
    code: 200,
    seed: 'Request contains: { "target": { "id": "<room UUID>" }, "updated": "…", "verb": "list" }',
  },
  'list_rooms-nochannel': { code: 801, defect: 'an unknown channel has a code of its own, NO_SUCH_CHANNEL' },
  'message-nochannel': { code: 801, defect: 'an unknown channel has a code of its own, NO_SUCH_CHANNEL' },
  'message-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'join-displayname-only': { code: 200, defect: 'joining by display name works' },
  'join-by-name-unknown': { code: 802, defect: 'every request is answered' },
  'message-private-uid': { code: 200, defect: 'a user id is a target, as the seed says' },
  'message-private-offline-uid': { code: 800, defect: 'a user id is a target, and an unknown one has its code' },
  'leave-last-eph': { code: 200, defect: 'nobody hears of rooms before logging in' },
  'login-no-username-in-redis': { code: null, impossible: 'an account always has a username' },
  'ts-login-missing-user_id': { code: null, impossible: 'an account always has an id' },
  'ts-login-missing-user_name': { code: null, impossible: 'an account always has a username' },
}

export function reasonOf({ seed, defect, impossible }: Difference): string {
  if (seed !== undefined) return `the seed says: ${seed}`
  return defect === undefined ? `not possible: ${impossible}` : `upstream defect: ${defect}`
}
