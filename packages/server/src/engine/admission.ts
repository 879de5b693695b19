// How much may wait for a commit: in all and per session, in number and in bytes. Beyond it the answer is
// "busy", and the gateway does not read on from that socket until there is room again (design 3).
import { WAITING_BYTES, WAITING_COMMANDS, WAITING_PER_SESSION } from '../limits.ts'

export class Admission {
  #commands = 0
  #bytes = 0
  readonly #sessions = new Map<string, number>()

  /** Takes a place, or gives false when there is none. */
  enter(session: string | null, bytes: number): boolean {
    if (this.#commands >= WAITING_COMMANDS || this.#bytes + bytes > WAITING_BYTES) return false
    if (session !== null) {
      const waiting = this.#sessions.get(session) ?? 0
      if (waiting >= WAITING_PER_SESSION) return false
      this.#sessions.set(session, waiting + 1)
    }
    this.#commands += 1
    this.#bytes += bytes
    return true
  }

  leave(session: string | null, bytes: number): void {
    this.#commands -= 1
    this.#bytes -= bytes
    if (session === null) return
    const waiting = (this.#sessions.get(session) ?? 1) - 1
    if (waiting > 0) this.#sessions.set(session, waiting)
    else this.#sessions.delete(session)
  }

  get commands(): number {
    return this.#commands
  }
}
