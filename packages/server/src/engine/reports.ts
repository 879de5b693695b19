// Complaints about messages, on whatever wire: told to the admins and to the embedding site by the wire that has them
// (dino.md section 4, report), on the node that took them. Nothing of one is kept here.
import type { RoomEvent } from '../room/events.ts'
import type { Account } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'

export interface Report {
  readonly reporter: Account
  readonly reported: Account
  /** As the reporter may read it. */
  readonly message: RoomEvent
  readonly room: RoomState
  /** What it says, where the server holds it; empty where it is encrypted and nothing was disclosed. */
  readonly content: string
  readonly reason: string
}

type Receiver = (report: Report) => Promise<void>

export class Reports {
  readonly #receivers: Receiver[] = []

  onReport(receive: Receiver): void {
    this.#receivers.push(receive)
  }

  /** Resolves when everybody has it for whom it must not be lost. */
  async take(report: Report): Promise<void> {
    for (const receive of this.#receivers) await receive(report)
  }
}
