// The recorded cases of dino.json that this level can answer, by id: areas acl and duration in full, and from the
// others those whose answer is decided by an ACL or by the check of a new one.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Acl, refusalText, type Visitor } from './acl.ts'
import { type AclCheck, checkAcl, type ProposedAcl } from './acl-check.ts'
import { evaluate } from './acl-evaluate.ts'
import { DEFAULT_RULES } from './acl-rules.ts'
import { inChannel as channelTarget, visitor } from './acl-testing.ts'
import { durationFault, durationMs } from './duration.ts'

interface Case {
  readonly id: string
  readonly area: string
  readonly request: { readonly event: string; readonly data: unknown }
  readonly expect: {
    readonly status_code?: number | null
    readonly allowed?: boolean
    readonly valid?: boolean
    readonly reason?: string
    readonly error?: string
    readonly upstream_exception?: string
  }
}

const file = new URL('../../../../conformance/cases/dino.json', import.meta.url)
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[]
const inArea = (area: string, event = area) => cases.filter(c => c.area === area && c.request.event === event)
const dataOf = <T>(c: Case) => c.request.data as T
const byId = (id: string): Case => {
  const found = cases.find(c => c.id === id)
  if (found === undefined) throw new Error(`no case ${id}`)
  return found
}

describe('area acl: a visitor is judged as recorded', () => {
  // Dino crashed; a value that it would not take refuses here, and so does a room that the visitor is not in.
  const crashed: Record<string, string> = {
    'fn-evaluate-51': 'no value in clause: disallow=',
    'fn-evaluate-53': 'the AND clause did not validate for: sameroom=x',
  }
  test.each(inArea('acl', 'acl-evaluate').map(c => [c.id, c] as const))('%s', (id, c) => {
    const { type, value, session } = dataOf<{ type: string; value: string; session: Record<string, string> }>(c)
    const refusal = evaluate([{ action: 'join', type, value }], 'join', visitor({ attributes: session }))
    if (c.expect.upstream_exception !== undefined) expect(refusal?.reason).toBe(crashed[id])
    else if (c.expect.allowed) expect(refusal).toBeNull()
    else expect(refusal?.reason).toBe(c.expect.reason)
  })
})

describe('area acl: a new value is checked as recorded', () => {
  const crashed: Record<string, string> = { 'fn-new_value-91': 'no value in clause: age=' }
  test.each(inArea('acl', 'acl-validate').map(c => [c.id, c] as const))('%s', (id, c) => {
    const { type, value } = dataOf<{ type: string; value: string | null }>(c)
    const check = checkAcl({ action: 'list', type, value }, 'channel', DEFAULT_RULES)
    const reason = c.expect.upstream_exception === undefined ? c.expect.reason : crashed[id]
    if (c.expect.valid) expect(check).toEqual({ ok: true })
    else {
      const text = `invalid acl value "${value}" for type "${type}": ${reason}`
      expect(check).toEqual({ ok: false, field: 'value', text })
    }
  })
})

test('every case of area acl is one of the two above', () => {
  const answered = inArea('acl', 'acl-evaluate').length + inArea('acl', 'acl-validate').length
  expect(answered).toBe(cases.filter(c => c.area === 'acl').length)
  expect(answered).toBeGreaterThan(60)
})

describe('area set_acl: the first wrong ACL is refused as recorded', () => {
  const codes = { type: 601, action: 602, value: 603 } as const
  // Left out: who may set (command), objectType (gateway), an empty list (gateway), and what the room then holds.
  const ids = [
    'set_acl-owner',
    'set_acl-update',
    'set_acl-remove-blank',
    'set_acl-remove-null',
    'set_acl-unknown-type',
    'set_acl-bad-action',
    'set_acl-no-action',
    'set_acl-bad-value',
    'set_acl-bad-range',
    'set_acl-bad-custom',
    'set_acl-channel-admin',
    'set_acl-channel-owner-room',
  ]
  test.each(ids)('%s', id => {
    const c = byId(id)
    const check = checkFirst(c)
    if (c.expect.status_code === 200) expect(check).toEqual({ ok: true })
    else {
      expect(check).toMatchObject({ ok: false, text: c.expect.error })
      if (!check.ok) expect(codes[check.field]).toBe(c.expect.status_code)
    }
  })

  test.each([
    ['set_acl-type-not-for-action', 'acl type "age" is not for api action "kick" on a room'],
    ['set_acl-su-invalid', 'invalid acl type "foo"'],
  ])('%s: where Dino crashes with 250, the type is refused', (id, text) => {
    expect(byId(id).expect.status_code).toBe(250)
    expect(checkFirst(byId(id))).toEqual({ ok: false, field: 'type', text })
  })

  type Attachment = { objectType?: string; content?: string; summary?: string }
  function checkFirst(c: Case): AclCheck {
    const { target, object } = dataOf<{
      target: { objectType: 'room' | 'channel' }
      object: { attachments: Attachment[] }
    }>(c)
    for (const a of object.attachments) {
      const acl: ProposedAcl = { type: a.objectType ?? null, action: a.summary ?? null, value: a.content ?? null }
      const check = checkAcl(acl, target.objectType, DEFAULT_RULES)
      if (!check.ok) return check
    }
    return { ok: true }
  }
})

describe('other areas: who may act on the recorded world', () => {
  const acl = (action: string, type: string, value = ''): Acl => ({ action, type, value })
  const a = { attributes: { age: '30', gender: 'm', membership: 'normal', country: 'de', image: 'y', user_type: '0' } }
  const b = { attributes: { ...a.attributes, age: '25', gender: 'w' } }
  const c = { attributes: { ...a.attributes, age: '40' } }
  const owner = { ...a, isRoomOwner: true }
  const su = { ...a, isOperator: true, isSuperuser: true }
  const inChannel = { target: channelTarget }
  const age = acl('join', 'age', '35:50')
  const gender = acl('join', 'gender', 'w,p')
  const custom = acl('join', 'custom', 'age=35:|gender=w,age=:26')
  const disallow = acl('join', 'disallow')
  const all = Object.entries({ ...a.attributes, age: '20:40', city: 'x', has_webcam: 'n', fake_checked: 'y' })
  const allAcls = all.filter(([type]) => type !== 'user_type').map(([type, value]) => acl('join', type, value))
  const allMet = { attributes: { ...Object.fromEntries(all), age: '30' } }
  const spoken = (value: string) => acl('list', 'spoken_language', value)
  const speaks = (spoken_language: string) => ({ ...inChannel, attributes: { spoken_language } })

  test.each<[string, Acl[], Partial<Visitor>]>([
    ['join-ok', [], a],
    ['join-age-young', [age], a],
    ['join-age-ok', [age], c],
    ['join-gender-no', [gender], a],
    ['join-gender-ok', [gender], b],
    ['join-custom-no', [custom], a],
    ['join-custom-ok-or2', [custom], b],
    ['join-custom-ok-or1', [custom], c],
    ['join-disallow', [disallow], a],
    ['join-disallow-gm', [disallow], { ...a, isOperator: true }],
    ['join-disallow-chadmin', [disallow], { ...a, isChannelAdmin: true }],
    ['join-disallow-chowner', [disallow], { ...a, isChannelOwner: true }],
    ['join-disallow-owner', [disallow], owner],
    ['join-admin-room', [acl('join', 'admin')], a],
    ['join-admin-room-su', [acl('join', 'admin')], su],
    ['join-hist-disallowed', [acl('history', 'disallow')], a],
    ['ts-join-all-acls-ok', allAcls, allMet],
    ['ts-join-all-acls-one-wrong', allAcls, { attributes: { ...allMet.attributes, city: 'y' } }],
    ['ts-join-all-acls-one-missing', allAcls, { attributes: { ...allMet.attributes, image: '' } }],
    ['history-ok', [], a],
    ['history-disallow', [acl('history', 'disallow')], a],
    ['history-disallow-owner', [acl('history', 'disallow')], owner],
    ['history-disallow-su', [acl('history', 'disallow')], su],
    ['history-sameroom-no', [acl('history', 'sameroom')], a],
    ['history-not-in-room', [], c],
    ['ts-history-age-acl-nonowner', [acl('history', 'age', '35:')], a],
    ['ts-history-sameroom-owner', [acl('history', 'sameroom')], owner],
    ['list_rooms-notallowed', [acl('list', 'gender', 'w')], { ...a, ...inChannel }],
    ['create-acl-denied', [acl('create', 'gender', 'w')], { ...a, ...inChannel }],
    ['whisper-channel-disallow', [acl('whisper', 'disallow')], { ...a, ...inChannel }],
    ['ts-spoken-none', [spoken('de')], { ...a, ...inChannel }],
    ['ts-spoken-empty', [spoken('de')], speaks('')],
    ['ts-spoken-wrong', [spoken('de')], speaks('en')],
    ['ts-spoken-wrong-multi', [spoken('de')], speaks('en,es')],
    ['ts-spoken-multi-nomatch', [spoken('de,en')], speaks('es,sv')],
    ['ts-spoken-trailing', [spoken('de,en')], speaks('es,sv,')],
    ['ts-spoken-same', [spoken('de')], speaks('de')],
    ['ts-spoken-same-multi', [spoken('de')], speaks('de,en')],
    ['ts-spoken-match', [spoken('de,en')], speaks('en')],
    ['ts-spoken-match2', [spoken('de,en')], speaks('es,en')],
    ['ts-spoken-match3', [spoken('de,en')], speaks('en,es,')],
  ])('%s', (id, acls, who) => {
    const recorded = byId(id)
    const action = { list_rooms: 'list' }[recorded.area] ?? recorded.area
    const refusal = evaluate(acls, action, visitor(who))
    expect(refusal === null).toBe(recorded.expect.status_code === 200)
    if (refusal !== null && recorded.expect.error !== undefined) {
      expect(refusalText(refusal)).toBe(recorded.expect.error)
    }
  })
})

describe('area duration', () => {
  const now = Date.UTC(2026, 0, 1)
  test.each(inArea('duration').map(c => [c.id, dataOf<string>(c), c] as const))('%s: "%s"', (_, text, c) => {
    expect(durationMs(text, now) !== undefined).toBe(c.expect.valid)
    if (!c.expect.valid) expect(durationFault(text)).toBe(c.expect.reason)
  })
  test('there are cases', () => expect(inArea('duration').length).toBeGreaterThan(5))
})
