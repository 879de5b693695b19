// Requests by hand, for what X's own SDK would never send.

export interface Answered {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
  /** The body as it came. */
  readonly text: string
}

export interface Asked {
  /** The whole `authorization` header; null sends none. */
  readonly authorization?: string | null
  /** A text is sent as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** `who`: a token. */
export async function ask(
  url: string,
  who: string,
  method: string,
  path: string,
  { body, headers = {}, authorization = `Bearer ${who}` }: Asked = {},
): Promise<Answered> {
  const response = await fetch(url + path, {
    method,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(authorization === null ? {} : { authorization }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parsed(text), text }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
