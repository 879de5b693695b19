// A Rocket.Chat user starts anew (rocketchat.md 5.2): without their key pair, without the copies of room keys that were made
// for it, without that wire's tokens and sessions.
import type { UserId } from '@conclave/wire'
import type { Identity } from '../identity/identity.ts'
import type { IdentityRejection } from '../identity/rejection.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Engine } from './engine.ts'
import type { Reading } from './reading.ts'

export interface KeyResetParts {
  readonly identity: Identity
  readonly reading: Reading
  readonly engine: Engine
}

export class KeyReset {
  readonly #parts: KeyResetParts

  constructor(parts: KeyResetParts) {
    this.#parts = parts
  }

  /**
   * The copies go first: should the server end in between, the pair is still there and it is done again, and a copy
   * nobody can open is not left behind. Then once more, for what others brought meanwhile. null: done.
   */
  async reset(user: UserId): Promise<Rejection | IdentityRejection | null> {
    const refused = (await this.#dropCopies(user)) ?? (await this.#parts.identity.keyPairs.reset(user))
    return refused ?? this.#dropCopies(user)
  }

  async #dropCopies(user: UserId): Promise<Rejection | null> {
    const { reading, engine } = this.#parts
    for (const { id, suite } of await reading.roomsOf(user)) {
      if (suite === 'xchat') continue
      const command = { command: 'drop-wraps', actor: null, user } as const
      const done = await engine.submit({ room: id, command, session: null, bytes: 0 })
      // A room may have gone meanwhile.
      if (isRejection(done) && done.rejected !== 'room.unknown') return done
    }
    return null
  }
}
