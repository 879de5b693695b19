import { Ddp, type Frame, rest } from '../ddp.ts'
import { IDS, tokenOf } from '../start.ts'
import { configured, content, type Derived, headersOf, is, KEY, nap, secretMessage } from './tools.ts'

export const SETUPS: Derived[] = [
  [
    '1.3',
    'silence: a ping, then 4000',
    configured({ rocketchat: { silence: 1 } }, async url => {
      const c = await Ddp.connect(url)
      await c.until(f => f.msg === 'ping', 0, 3_000)
      is(await c.untilClosed(4_000)).toBe(4000)
    }),
  ],
  [
    '1.3',
    'who answers stays',
    configured({ rocketchat: { silence: 1 } }, async url => {
      const c = await Ddp.connect(url)
      for (let i = 0; i < 4; i++) {
        const from = c.frames.length
        await c.until(f => f.msg === 'ping', from, 3_000)
        c.send({ msg: 'pong' })
      }
      is(c.closed).toBe(null)
      c.close()
    }),
  ],
  [
    '1.3',
    'who says anything is not pinged',
    configured({ rocketchat: { silence: 1 } }, async url => {
      const c = await Ddp.connect(url)
      for (let i = 0; i < 8; i++) {
        c.send({ msg: 'ping' })
        await nap(300)
      }
      is(c.frames.filter(f => f.msg === 'ping')).toEqual([])
      c.close()
    }),
  ],
  [
    '5.4',
    "suggest: another's first key is only suggested, void; the own is saved",
    configured({ rocketchat: { updateGroupKey: 'suggest' } }, async url => {
      const a = await Ddp.as(url, 'alice')
      const b = await Ddp.as(url, 'bob')
      const { rid } = await a.call('createPrivateGroup', 'suggested', ['bob'], false, {}, { encrypted: true })
      await b.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
      const from = b.frames.length
      const got = await a.ask('e2e.updateGroupKey', rid, IDS.bob, KEY('S'))
      is(got).toEqual({ msg: 'result', id: got.id })
      const [, sub] = await b.event('notify-user', ([, s]) => s.rid === rid && s.E2ESuggestedKey === KEY('S'), from)
      is(sub.E2EKey).toBeUndefined()
      await a.ask('e2e.updateGroupKey', rid, IDS.alice, KEY('A'))
      is((await a.call('subscriptions/get')).find((s: Frame) => s.rid === rid).E2EKey).toBe(KEY('A'))
      a.close()
      b.close()
    }),
  ],
  [
    '5.7',
    'lockstep: closed after a kick, opened by a reset of any who remain',
    configured({ rocketchat: { lockstep: true } }, async url => {
      const alice = { id: IDS.alice, token: tokenOf('alice') }
      const bob = { id: IDS.bob, token: tokenOf('bob') }
      for (const who of [alice, bob])
        await rest(url, who, 'POST', 'v1/e2e.setUserPublicAndPrivateKeys', { public_key: 'p', private_key: 'q' })
      const rid = (
        await rest(url, alice, 'POST', 'v1/groups.create', {
          name: 'lock',
          members: ['bob', 'carol'],
          extraData: { encrypted: true },
        })
      ).body.group._id
      await rest(url, alice, 'POST', 'v1/e2e.setRoomKeyID', { rid, keyID: 'K' })
      await rest(url, alice, 'POST', 'v1/e2e.updateGroupKey', { rid, uid: IDS.alice, key: KEY('A') })
      is((await rest(url, alice, 'POST', 'v1/chat.sendMessage', { message: secretMessage(rid) })).status).toBe(200)
      is((await rest(url, alice, 'POST', 'v1/groups.kick', { roomId: rid, userId: IDS.carol })).status).toBe(200)
      is((await rest(url, alice, 'POST', 'v1/chat.sendMessage', { message: secretMessage(rid) })).body).toMatchObject({
        success: false,
        error: is.stringContaining('error-room-closed'),
      })
      is((await rest(url, bob, 'POST', 'v1/e2e.resetRoomKey', { rid, e2eKey: KEY('N'), e2eKeyId: 'N' })).status).toBe(
        200,
      )
      is(
        (
          await rest(url, alice, 'POST', 'v1/chat.sendMessage', {
            message: secretMessage(rid, { content: content('N') }),
          })
        ).status,
      ).toBe(200)
      is((await rest(url, alice, 'POST', 'v1/chat.sendMessage', { message: secretMessage(rid) })).status).toBe(400)
    }),
  ],
  [
    '2',
    "the wire's rates: 429 with headers after ten",
    configured({ limits: { rates: 'wire' } }, async url => {
      const get = () => fetch(`${url}/api/v1/e2e.fetchMyKeys`, { headers: headersOf('alice') })
      const first = await get()
      is([first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-remaining')]).toEqual(['10', '9'])
      is(Number(first.headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() - 1_000)
      for (let i = 0; i < 9; i++) is((await get()).status).toBe(200)
      const last = await get()
      is(last.status).toBe(429)
      is(await last.json()).toMatchObject({ success: false, error: is.stringContaining('error-too-many-requests') })
    }),
  ],
  [
    '1.5',
    "the wire's rates: too-many-requests with timeToReset over DDP",
    configured({ limits: { rates: 'wire' } }, async url => {
      const c = await Ddp.as(url, 'alice')
      const got: Frame[] = []
      for (let i = 0; i < 11; i++) got.push(await c.ask('e2e.fetchMyKeys'))
      is(got.slice(0, 10).every(g => !g.error)).toBe(true)
      is(got[10].error).toMatchObject({
        error: 'too-many-requests',
        details: { timeToReset: is.any(Number) },
        errorType: 'Meteor.Error',
      })
      c.close()
    }),
  ],
]
