// The Calls port: HTTP calls to addresses that clients named (an app's webhooks). Nobody's word is taken for where they
// lead: an adapter refuses what lies inside, follows nothing, and bounds time and answer.

export interface Call {
  readonly method: 'GET' | 'POST'
  /** http or https, without credentials. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export type Called =
  /** `body`: empty where there is too much of it. */
  | { readonly called: 'answered'; readonly status: number; readonly body: string }
  /** The address is none that may be called. Nothing was connected to. */
  | { readonly called: 'forbidden' }
  /** `unknown`: no such host. `error`: our own words and codes, never what the other side wrote. */
  | { readonly called: 'failed'; readonly unknown: boolean; readonly error: string }

export interface Calls {
  /** One call, without redirects. Resolves within a bound time whatever the other side does. */
  call(call: Call): Promise<Called>
  /** Gives up what is under way, which then has failed, and makes no more calls. */
  close(): void
}
