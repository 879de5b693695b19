// Calls of the HTTP API as an embedding site makes them: every method with a JSON body, GET too.
import { request } from 'node:http'

export interface Called {
  /** HTTP's own status. */
  readonly http: number
  readonly code: number
  // biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
  readonly data: any
}

export interface Site {
  call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Called>
}

/** `token` null: without one. */
export function site(url: string, token: string | null): Site {
  return {
    call: (method, path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
        const made = request(`${url}/dino${path}`, {
          method,
          headers: {
            ...(text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...headers,
          },
        })
        made.on('error', reject)
        made.on('response', response => {
          let answer = ''
          response.setEncoding('utf8')
          response.on('data', chunk => {
            answer += chunk
          })
          response.on('end', () => {
            const parsed = JSON.parse(answer) as { status_code?: number; data?: unknown }
            resolve({ http: response.statusCode ?? 0, code: parsed.status_code ?? 0, data: parsed.data })
          })
        })
        made.end(text)
      }),
  }
}
