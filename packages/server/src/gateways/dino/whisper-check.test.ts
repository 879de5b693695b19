// What the embedding site is asked about a whisper, and what becomes of its answers, good and bad.
import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import { schema } from '../../config.ts'
import { openLog } from '../../log.ts'
import { CODE } from './errors.ts'
import { WHISPER_ANSWER, WHISPER_CALLS, WHISPER_VERDICT_AGE } from './limits.ts'
import { WhisperCheck } from './whisper-check.ts'

const KEY = 'a private key'
const anna = '9007199254740993' as UserId

interface Call {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

let site: Server | undefined
const checks: WhisperCheck[] = []
afterEach(async () => {
  for (const check of checks.splice(0)) check.close()
  site?.closeAllConnections()
  await new Promise<unknown>(resolve => (site ? site.close(resolve) : resolve(null)))
  site = undefined
})

type Answering = (response: ServerResponse, call: Call) => void

async function start(answer: Answering, timeout = 30_000) {
  const calls: Call[] = []
  site = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', text => {
      body += text
    })
    request.on('end', () => {
      const call = { headers: request.headers, body }
      calls.push(call)
      answer(response, call)
    })
  })
  await new Promise<void>(resolve => site?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/rpc`
  let now = 1_800_000_000_000
  const config = schema.parse({ dino: { validateWhispers: true, whisperCheck: { url, key: KEY, timeout } } })
  const check = new WhisperCheck({ config, clock: { now: () => now }, log: openLog('silent') })
  checks.push(check)
  const wait = (ms: number): void => {
    now += ms
  }
  return { check, calls, url, wait }
}

const says =
  (result: object): Answering =>
  response =>
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result }))
const allows = says({ success: 1 })

describe('the call', () => {
  test('is JSON-RPC, and signed with the key over its body', async () => {
    const { check, calls } = await start(allows)
    expect(await check.refuses(anna, ['bat"man'])).toBe(null)
    const [{ headers, body } = { headers: {}, body: '' }] = calls
    expect(body).toBe(
      '{"jsonrpc":"2.0","method":"whisper.validate","params":{"senderId":9007199254740993,"receiverName":"bat\\"man"},"id":1}',
    )
    expect(headers['content-type']).toBe('application/json-rpc')
    expect(headers['x-rpc-sign']).toBe(hash('md5', KEY + body, 'hex'))
  })

  test('is made for each name of 3 to 20 characters, and for no other', async () => {
    const { check, calls } = await start(allows)
    const names = ['ab', 'abc', 'a'.repeat(20), 'a'.repeat(21)]
    expect(await check.refuses(anna, names)).toBe(null)
    const asked: readonly string[] = calls.map(({ body }) => JSON.parse(body).params.receiverName)
    expect(new Set(asked)).toEqual(new Set(['abc', 'a'.repeat(20)]))
    expect(asked).toHaveLength(2)
  })

  test('is not made where whispers are not checked, or nobody is named to ask', async () => {
    const { calls, url } = await start(allows)
    for (const dino of [{ validateWhispers: true }, { whisperCheck: { url, key: KEY } }]) {
      const parts = { config: schema.parse({ dino }), clock: { now: () => 0 }, log: openLog('silent') }
      const check = new WhisperCheck(parts)
      expect(check.active).toBe(false)
      expect(await check.refuses(anna, ['batman'])).toBe(null)
    }
    expect(calls).toEqual([])
  })
})

describe('the answer', () => {
  test.each([
    [{ success: 1 }, null],
    [{}, null],
    [{ success: 1, error: 0 }, null],
    [{ success: 0, error: 50_001 }, CODE.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT],
    [{ success: 1, error: '50001.0' }, CODE.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT],
    [{ success: 0, error: 50_002 }, CODE.NOT_ALLOWED_TO_WHISPER_TURNED_OFF],
    [{ success: 0, error: 50_000, error_msg: 'whisper self' }, CODE.NOT_ALLOWED_TO_WHISPER_SELF],
    [{ success: 0, error: 50_000, error_msg: 'else' }, CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR],
    [{ success: 0, error: 7 }, CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR],
    [{ success: 0 }, CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR],
  ])('%j is %s', async (result, code) => {
    const { check } = await start(says(result))
    expect((await check.refuses(anna, ['batman']))?.code ?? null).toBe(code)
  })

  test.each([
    [{ result: true }, null],
    [{ result: false }, CODE.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR],
    [{ error: { code: 50_001, message: 'no contact' } }, CODE.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT],
    [{ error: { code: 50_000, message: 'whisper self' } }, CODE.NOT_ALLOWED_TO_WHISPER_SELF],
    [{ error: null, result: { success: 1 } }, null],
    [{ error: { code: -32_601 }, result: { success: 1 } }, CODE.REMOTE_ERROR],
    [{ error: 'broken', result: true }, CODE.REMOTE_ERROR],
    [{ result: [] }, CODE.REMOTE_ERROR],
  ])('also as plain JSON-RPC: %j is %s', async (answer, code) => {
    const { check } = await start(response => response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer })))
    expect((await check.refuses(anna, ['batman']))?.code ?? null).toBe(code)
  })

  test('one name that is refused refuses them all', async () => {
    const { check } = await start((response, { body }) =>
      says(JSON.parse(body).params.receiverName === 'robin' ? { error: 50_002 } : { success: 1 })(response, {
        headers: {},
        body,
      }),
    )
    expect((await check.refuses(anna, ['batman', 'robin']))?.code).toBe(722)
    expect((await check.refuses(anna, ['robin', 'batman']))?.code).toBe(722)
    expect(await check.refuses(anna, ['batman'])).toBe(null)
  })

  test.each<[string, Answering]>([
    ['no HTTP 200', response => response.writeHead(500).end('{"result":{"success":1}}')],
    ['no JSON', response => response.end('yes')],
    ['no object', response => response.end('[{"result":{"success":1}}]')],
    ['an error of JSON-RPC', response => response.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32601}}')],
    ['no result', response => response.end('{"result":null}')],
    ['too long', response => response.end(`{"result":{"success":1},"more":"${'x'.repeat(WHISPER_ANSWER)}"}`)],
    ['cut off', response => response.socket?.destroy()],
    ['a way to somewhere else', response => response.writeHead(307, { location: '/rpc' }).end()],
  ])('%s is an error of the site, and the next call may do better', async (_, bad) => {
    let answer = bad
    const { check } = await start((response, call) => answer(response, call))
    expect((await check.refuses(anna, ['batman']))?.code).toBe(CODE.REMOTE_ERROR)
    answer = allows
    expect(await check.refuses(anna, ['batman'])).toBe(null)
  })

  test('is not followed to another address', async () => {
    const elsewhere: string[] = []
    const other = createServer((request, response) => {
      elsewhere.push(request.url ?? '')
      response.end('{"result":{"success":1}}')
    })
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`
    const { check } = await start(response => response.writeHead(308, { location }).end())
    expect((await check.refuses(anna, ['batman']))?.code).toBe(725)
    expect(elsewhere).toEqual([])
    other.closeAllConnections()
    await new Promise(resolve => other.close(resolve))
  })

  test('that never comes is waited for no longer than configured', async () => {
    const { check } = await start(() => {}, 100)
    expect((await check.refuses(anna, ['batman']))?.code).toBe(725)
  })

  test('that does not end is waited for no longer than configured', async () => {
    const { check } = await start(response => response.write('{"result":'), 100)
    expect((await check.refuses(anna, ['batman']))?.code).toBe(725)
  })
})

describe('what is kept', () => {
  test('an answer counts for ten minutes, for this sender and this name', async () => {
    const { check, calls, wait } = await start(says({ error: 50_001 }))
    const ask = async (sender: UserId, name: string) => (await check.refuses(sender, [name]))?.code
    expect([await ask(anna, 'batman'), await ask(anna, 'batman')]).toEqual([721, 721])
    expect(calls.length).toBe(1)
    await ask('1002' as UserId, 'batman')
    await ask(anna, 'robin')
    expect(calls.length).toBe(3)
    wait(WHISPER_VERDICT_AGE - 1)
    await ask(anna, 'batman')
    expect(calls.length).toBe(3)
    wait(1)
    await ask(anna, 'batman')
    expect(calls.length).toBe(4)
  })

  test('who asks the same at the same time shares a call, and the number of calls has an end', async () => {
    const waiting: ServerResponse[] = []
    const { check, calls } = await start(response => void waiting.push(response))
    const same = [check.refuses(anna, ['batman']), check.refuses(anna, ['batman'])]
    const others = Array.from({ length: WHISPER_CALLS - 1 }, (_, at) =>
      check.refuses(String(at + 1) as UserId, ['batman']),
    )
    // Nothing of this one is sent, so it does not wait.
    expect((await check.refuses('77777' as UserId, ['batman']))?.code).toBe(725)
    while (waiting.length < WHISPER_CALLS) await new Promise(resolve => setTimeout(resolve, 5))
    for (const response of waiting) allows(response, { headers: {}, body: '' })
    expect(await Promise.all([...same, ...others])).toEqual(Array(WHISPER_CALLS + 1).fill(null))
    expect(calls.length).toBe(WHISPER_CALLS)
  })

  test('nobody is waited for when the server stops', async () => {
    const { check, calls } = await start(() => {})
    const asked = check.refuses(anna, ['batman'])
    while (calls.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    check.close()
    expect((await asked)?.code).toBe(725)
  })
})
