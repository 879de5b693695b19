// The cases of the PIN backup, by id, for cases.test.ts.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import type { Answered } from './http.ts'
import { askRealm, atAddresses, chat, configOf } from './pin.ts'
import { CROWD } from './start.ts'

/** ms for a handful of PINs, which cost a client a second or two each (Argon2), on a machine with other things to do. */
export const PINS = 240_000

/** `url`: of the server, once it runs. */
export function pinCases(url: () => string): Readonly<Record<string, () => Promise<Answered | null>>> {
  const newConfig = (which: number) => configOf(url(), CROWD[CROWD.length - which]!)
  const invalid = (left: number) => `Juicebox recovery failed: reason=InvalidPin guesses_remaining=${left}`
  return {
    'cl-004': async () => {
      const [first, second] = await chat(await newConfig(1), [{ generate: true, setup: '2580' }, { create: true }])
      expect(first!.error).toBeNull()
      expect(second!.error).toContain('encoded data was not valid for encoding utf-8')
      return null
    },
    'jb-001': async () => {
      const answer = await askRealm(await newConfig(2), 'Recover1')
      expect(answer.body).toEqual({ Recover1: 'NotRegistered' })
      return answer
    },
    'jb-002': async () => {
      const config = await newConfig(3)
      const [made] = await chat(config, [{ generate: true, setup: '2580' }])
      const [read] = await chat(config, [{ unlock: '2580' }])
      expect([made!.error, read!.error]).toEqual([null, null])
      expect(read!.keys).toMatchObject({ identity: made!.keys.identity, signing: made!.keys.signing })
      return askRealm(config, 'Recover1')
    },
    'jb-003': async () => {
      const config = { ...(await newConfig(4)), max_guess_count: 3 }
      const done = await chat(config, [{ generate: true, setup: '2580' }, { unlock: '9713' }, { unlock: '9714' }])
      expect(done.map(({ error }) => error)).toEqual([null, invalid(2), invalid(1)])
      return askRealm(config, 'Recover1')
    },
    'jb-004': async () => {
      const config = { ...(await newConfig(5)), max_guess_count: 1 }
      const done = await chat(config, [{ generate: true, setup: '2580' }, { unlock: '9713' }, { unlock: '2580' }])
      expect(done.map(({ error }) => error)).toEqual([null, invalid(0), invalid(0)])
      const answers = await Promise.all([0, 1, 2].map(which => askRealm(config, 'Recover1', { which })))
      expect(answers.map(({ body }) => body)).toEqual(answers.map(() => ({ Recover1: 'NoGuesses' })))
      return answers[0]!
    },
    'jb-007': async () => {
      const config = await newConfig(6)
      const olden = await oldenClients(url())
      try {
        const [refused] = await chat(
          atAddresses(config, address => address.replace(url(), olden.url)),
          [{ unlock: '2580' }],
        )
        expect(refused!.error).toBe('Juicebox recovery failed: reason=UpgradeRequired')
      } finally {
        olden.close()
      }
      return askRealm(config, 'Recover1', { version: '0.2.9' })
    },
  }
}

/** Passes requests on as an older SDK would send them. */
async function oldenClients(url: string): Promise<{ readonly url: string; close(): void }> {
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = await fetch(url + request.url, {
      method: 'POST',
      headers: { authorization: request.headers.authorization ?? '', 'x-juicebox-version': '0.2.9' },
      body: Buffer.concat(chunks),
    })
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
  }
  const proxy = createServer((request, response) => void pass(request, response))
  await new Promise<void>(resolve => {
    proxy.listen(0, '127.0.0.1', resolve)
  })
  const close = () => {
    proxy.closeAllConnections()
    proxy.close()
  }
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, close }
}
