import { expect, test } from 'vitest'
import { webhookKey } from '../../config.ts'
import { signatures } from './signature.ts'

/** The specification's own libraries test their signing with these values. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const AT = 1_614_265_330
const BODY = '{"test": 2432232314}'
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

const key = webhookKey(SECRET) as Buffer

test('a call is signed as the Standard Webhooks libraries sign it', () => {
  expect(signatures([key], ID, AT, BODY)).toBe(SIGNATURE)
})

test('with several secrets there is a signature by each, in their order', () => {
  const other = webhookKey(`whsec_${Buffer.alloc(32, 7).toString('base64')}`) as Buffer
  const [first, second, ...more] = signatures([other, key], ID, AT, BODY).split(' ')
  expect([second, more]).toEqual([SIGNATURE, []])
  expect(first).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/)
  expect(first).not.toBe(SIGNATURE)
})

test.each([
  ['another id', [`${ID}x`, AT, BODY]],
  ['another time', [ID, AT + 1, BODY]],
  ['another body', [ID, AT, `${BODY} `]],
] as const)('%s has another signature', (_what, [id, at, body]) => {
  expect(signatures([key], id, at, body)).not.toBe(SIGNATURE)
})

test.each(['', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_', 'whsec_short', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*'])(
  '%j is no secret',
  text => {
    expect(webhookKey(text)).toBeUndefined()
  },
)
