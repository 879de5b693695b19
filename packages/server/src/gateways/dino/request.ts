// One request of a session: its place in the order of requests, what its handler gets, and its answer.
import type { Session } from '../../engine/sessions.ts'
import type { Account } from '../../room/facts.ts'
import type { Activity } from './activity.ts'
import type { Answer, Asked, EventHandler, Gate, LoginHandler } from './gate.ts'
import type { Job, Requests } from './requests.ts'
import type { DinoSession } from './session.ts'

/** How an event of a client is served; its answer is called `gn_<event>`. */
export type Served =
  | { readonly event: string; readonly anonymous: true; readonly run: LoginHandler }
  | { readonly event: string; readonly anonymous: false; readonly pipelined: boolean; readonly run: EventHandler }

/** Whoever asked is known by now. */
export interface Known {
  readonly live: Session
  readonly account: Account
  readonly activity: Activity
}

export class Request implements Job, Asked {
  readonly gate: Gate
  readonly session: DinoSession
  readonly served: Served
  readonly payload: unknown
  readonly #ack: number | null
  #known: Known | null = null
  /** While it runs. */
  #requests: Requests | null = null

  /** `ack`: the number under which the client wants the answer too; null for none. */
  constructor(gate: Gate, session: DinoSession, served: Served, payload: unknown, ack: number | null) {
    this.gate = gate
    this.session = session
    this.served = served
    this.payload = payload
    this.#ack = ack
  }

  get pipelined(): boolean {
    return !this.served.anonymous && this.served.pipelined
  }

  begin(requests: Requests): void {
    this.#requests = requests
    this.session.run(this)
  }

  /** What its handler may ask from now on. */
  of(known: Known): Asked {
    this.#known = known
    return this
  }

  get live(): Session {
    return this.#told.live
  }

  get account(): Account {
    return this.#told.account
  }

  get activity(): Activity {
    return this.#told.activity
  }

  placed(): void {
    this.#requests?.placed(this)
  }

  end(answer: Answer | 'answered'): void {
    try {
      if (answer !== 'answered') this.answer(answer)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#over()
  }

  fail(error: unknown): void {
    this.answer(this.session.whatWentWrong(this.served.event, error))
    this.#over()
  }

  #over(): void {
    const requests = this.#requests
    this.#requests = null
    requests?.ended(this)
  }

  answer(answer: Answer): void {
    this.session.answer(this.served.event, this.#ack, answer)
  }

  get #told(): Known {
    if (this.#known === null) throw new Error('nobody is known to ask')
    return this.#known
  }
}
