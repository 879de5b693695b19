// `conclave export` and `conclave verify`, with the real command and the real server: what an honest server wrote is in
// order, whatever happened to it; what somebody changed in it is named, with its place.
import { exec } from 'node:child_process'
import { lstat, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verifyExport } from '@conclave/server/operator/verify-export'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conclave, startServer, type TestServer } from '../server.ts'
import { type Line, readLines, rechain, renumber, writeLines } from './export.ts'
import {
  addTo,
  adminsBody,
  askToJoin,
  enroll,
  type Group,
  type Hand,
  invite,
  keysBody,
  leaveBody,
  makeGroup,
  messageBody,
  nextVersion,
  noInviteBody,
  removalBody,
  retitleBody,
  turnAwayBody,
} from './hand.ts'
import { ask } from './http.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'

let server: TestServer
let folder: string
let a: Hand
let b: Hand
let c: Hand
let group: Group
/** An honest export, and an older one of the same server. */
let file: string
let older: string
let serial = 0

const path = (): string => join(folder, `${++serial}.jsonl`)
const post = async (by: Hand, rest: string, body: object, method = 'POST') => {
  const answer = await ask(server.url, tokenOf(by.id), method, `/2/chat/conversations/${rest}`, { body })
  if (answer.status >= 300) throw new Error(`${method} ${rest}: ${answer.text}`)
  return answer
}
const send = (by: Hand, to: Pick<Group, 'id' | 'version'>) =>
  post(by, `${to.id}/messages`, messageBody(by, to.id, to.version))

async function exported(from: Pick<TestServer, 'command'> = server): Promise<string> {
  const to = path()
  const done = await from.command('export', to)
  expect([done.code, done.err]).toEqual([0, expect.stringMatching(/^Exported \d+ rooms with \d+ events/)])
  return to
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conclave-export-'))
  server = await startXchatServer({
    world: {
      channels: [{ ref: 'c', name: 'channel' }],
      rooms: [{ ref: 'r', channel: 'c', name: 'plain', kind: 'static', owners: [A], members: [A, B] }],
    },
  })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
  group = await makeGroup(server.url, a, [a, b])
  await send(a, group)
  older = await exported()
  const token = await invite(server.url, group, a, Date.now() + 3_600_000)
  await askToJoin(server.url, group, c, token)
  await post(a, `${group.id}/join_requests`, turnAwayBody(group, a, [C]), 'DELETE')
  await askToJoin(server.url, group, c, token)
  await post(a, `${group.id}/invite`, noInviteBody(group, a), 'DELETE')
  await addTo(server.url, group, a, [c])
  await send(c, group)
  await post(a, `${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B, C]))
  await post(b, `${group.id}/title`, retitleBody(group, b, 'title'), 'PUT')
  const removal = removalBody(group, b, [c])
  await post(b, `${group.id}/members`, removal, 'DELETE')
  group.members = [a, b]
  group.version = removal.conversation_key_version
  await send(b, group)
  const pair = keysBody(a, `${A}:${B}`, [a, b])
  await post(a, `${B}/keys`, pair)
  await post(b, `${A}/messages`, messageBody(b, `${A}:${B}`, pair.conversation_key_version))
  await post(a, `${(await makeGroup(server.url, c, [c, a])).id}/leave`, leaveBody({ id: '' }, a)).catch(() => {})
  const left = await makeGroup(server.url, c, [c, a])
  await post(a, `${left.id}/leave`, leaveBody(left, a))
  const again = await enroll(server.url, A)
  await post(again, `${group.id}/keys`, keysBody(again, group.id, [again, b]))
  a = again
  file = await exported()
})
afterAll(async () => {
  await server?.remove()
  if (folder) await rm(folder, { recursive: true, force: true })
})

describe('an honest export', () => {
  test('is in order, and goes on from the older one', async () => {
    const alone = await server.command('verify', file)
    expect([alone.code, alone.err]).toEqual([0, ''])
    expect(alone.out).toMatch(
      /^3 key logs with 4 entries: .*\n5 rooms with \d+ entries: .*\n4 messages .*\nNothing is wrong\.\n$/,
    )
    const both = await server.command('verify', file, '--against', older)
    expect([both.code, both.err]).toEqual([0, ''])
    expect(both.out).toContain('3 key logs and 2 rooms of the older export')
  })

  test('needs neither server nor store to be checked', async () => {
    const nowhere = { CONCLAVE_DATA: join(folder, 'nothing'), CONCLAVE_CONFIG: '' }
    expect(await conclave(['verify', file], nowhere)).toMatchObject({ code: 0, err: '' })
    await expect(stat(join(folder, 'nothing'))).rejects.toThrow()
  })

  test('holds no token, password or private key, and is for its owner alone to read', async () => {
    const text = JSON.stringify(await readLines(file))
    for (const secret of [tokenOf(A), tokenOf(B), 'app-token', 'a secret of an app', 'argon2', 'PRIVATE', 'token'])
      expect(text).not.toContain(secret)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(text).toContain('createEvent')
  })

  test('is not written over, and goes to the output where no file is named', async () => {
    const twice = await server.command('export', file)
    expect(twice).toMatchObject({ code: 1, err: `The file ${file} exists already and is not written over.\n` })
    const { code, out } = await server.command('export')
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines.slice(1)).toEqual((await readLines(file)).slice(1).map(line => JSON.stringify(line)))
  })

  test('says so where its output is closed', async () => {
    const command = `${process.execPath} packages/server/bin/conclave.js export | true`
    const env = { ...process.env, CONCLAVE_DATA: server.data }
    const { stdout, stderr } = await promisify(exec)(command, { cwd: join(import.meta.dirname, '..', '..'), env })
    expect([stdout, stderr]).toEqual(['', 'The output was closed before everything was written.\n'])
  })

  test('is written into nothing that somebody else laid where it is written', async () => {
    const [to, theirs] = [join(folder, 'laid.jsonl'), join(folder, 'theirs')]
    await writeFile(theirs, '')
    await symlink(theirs, `${to}.part`)
    const { code, err } = await server.command('export', to)
    expect([code, err]).toEqual([
      1,
      `The file ${to}.part is there: an export is being written, or was broken off. Remove it first.\n`,
    ])
    expect((await stat(theirs)).size).toBe(0)
    await expect(stat(to)).rejects.toThrow()
    expect((await lstat(`${to}.part`)).isSymbolicLink()).toBe(true)
  })

  test('cannot be written where there is no folder', async () => {
    const to = join(folder, 'no', 'where')
    expect(await server.command('export', to)).toMatchObject({
      code: 1,
      err: `The file ${to} cannot be written (ENOENT).\n`,
    })
  })
})

/** What is changed, and what is said of it. `rechained`: by somebody who has the chain made anew over it. */
type Plant = readonly [name: string, plant: (lines: Line[]) => unknown, said: RegExp]
const roomOf = (lines: Line[]): Line => lines.find(line => line.kind === 'room' && line.id === group.id.slice(1))
const eventsOf = (lines: Line[], type: string): Line[] =>
  lines.filter(line => line.kind === 'event' && line.room === group.id.slice(1) && line.body.type === type)
const userOf = (lines: Line[], id: string): Line => lines.find(line => line.kind === 'user' && line.id === id)
const keysOf = (lines: Line[], id: string): Line[] => lines.filter(line => line.kind === 'key' && line.user === id)
const without = (lines: Line[], gone: Line): Line[] => lines.filter(line => line !== gone)

const PLANTS: readonly Plant[] = [
  [
    'a key served that was never logged',
    lines => {
      userOf(lines, B).keys.push({ ...userOf(lines, C).keys[0], public_key_version: '9' })
    },
    /user 2+: the key of version 9 is in no entry of the log \(key\.unlogged\)/,
  ],
  [
    'a key swapped where it is served',
    lines => {
      userOf(lines, B).keys[0].public_key = userOf(lines, C).keys[0].public_key
    },
    /user 2+: the key of version \d+ is another one than the log's \(key\.unlogged\)/,
  ],
  [
    'a key withheld',
    lines => {
      userOf(lines, A).keys.shift()
    },
    /user 1+: the key of version \d+ is not served \(key\.withheld\)/,
  ],
  [
    'a key swapped in the log',
    lines => {
      keysOf(lines, B)[0].entry.key.identityKey = keysOf(lines, C)[0].entry.key.identityKey
    },
    /user 2+, entry 1: its hash does not follow from the entry \(link\)/,
  ],
  [
    'a key swapped in the log, chained anew and served',
    lines => {
      const stolen = keysOf(lines, C)[0].entry.key.identityKey
      keysOf(lines, B)[0].entry.key.identityKey = stolen
      userOf(lines, B).keys[0].public_key = stolen
      return rechain(lines)
    },
    /user 2+, entry 1: the two keys of version \d+ are not bound \(key\.binding\)/,
  ],
  [
    'key log entries in another order',
    lines => {
      const [first, second] = keysOf(lines, A)
      ;[first.entry, second.entry] = [second.entry, first.entry]
      return rechain(lines)
    },
    /user 1+, entry 2: version \d+ is not newer than \d+ \(key\.order\)/,
  ],
  [
    'the last key log entry dropped',
    lines => without(lines, keysOf(lines, A)[1]),
    /user 1+, entry 1: the chain ends here, the head is said to be 2 \(head\)/,
  ],
  [
    'a fingerprint of another key',
    lines => {
      keysOf(lines, B)[0].entry.fingerprint = keysOf(lines, C)[0].entry.fingerprint
      return rechain(lines)
    },
    /the fingerprint is not the one of version \d+ \(key\.order\)/,
  ],
  [
    'a ghost in the roster',
    lines => {
      roomOf(lines).members.push(D)
    },
    /room \d+: 4+ is served as a member and no entry made them one \(member\.ghost\)/,
  ],
  [
    'a member kept out of the roster',
    lines => {
      roomOf(lines).members.pop()
    },
    /room \d+: \d+ is a member and not served as one \(member\.withheld\)/,
  ],
  [
    'another admin',
    lines => {
      roomOf(lines).admins = [A]
    },
    /the admins are 1+, 2+, served are 1+ \(admin\)/,
  ],
  [
    'a rolled-back epoch where it is served',
    lines => {
      roomOf(lines).epoch = eventsOf(lines, 'epoch.opened')[0].body.version
    },
    /the newest key is \d+, served is \d+ \(epoch\.served\)/,
  ],
  [
    'a ghost added by an entry that nobody signed',
    lines => {
      const added = eventsOf(lines, 'members.added')[0]
      added.body.users = [C, D]
      roomOf(lines).members.push(D)
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'an addition without its signature',
    lines => {
      eventsOf(lines, 'members.added')[0].body.signed = null
      return rechain(lines)
    },
    /nobody signed that 3+ came \(unsigned\)/,
  ],
  [
    'an epoch that goes back',
    lines => {
      const last = eventsOf(lines, 'epoch.opened').at(-1)
      last.body = eventsOf(lines, 'epoch.opened')[0].body
      return rechain(lines)
    },
    /the key \d+ is not newer than \d+ \(epoch\.order\)/,
  ],
  [
    'a key wrapped for one more',
    lines => {
      const last = eventsOf(lines, 'epoch.opened').at(-1)
      last.body.wraps.push({ ...last.body.wraps[0], user: D })
      return rechain(lines)
    },
    /the key \d+ is wrapped for 4+, no members \(wraps\)/,
  ],
  [
    'a key not wrapped for somebody',
    lines => {
      eventsOf(lines, 'epoch.opened')[1].body.wraps.pop()
      return rechain(lines)
    },
    /the key \d+ is not wrapped for 3+ \(wraps\)/,
  ],
  [
    'a key wrapped at a public key that was never logged',
    lines => {
      eventsOf(lines, 'epoch.opened')[1].body.wraps[0].publicKeyVersion = '5'
      return rechain(lines)
    },
    /wrapped for 1+ at the key 5, which was never logged \(wraps\)/,
  ],
  [
    'somebody else as the actor of a signed change',
    lines => {
      eventsOf(lines, 'room.retitled')[0].actor = A
      return rechain(lines)
    },
    /the (key \d+ of 1+ is in no entry of their log|signature of 1+ does not verify) \(signature\)/,
  ],
  [
    'another title than the signed one',
    lines => {
      eventsOf(lines, 'room.retitled')[0].body.title = 'Other'
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'a link that leads elsewhere',
    lines => {
      eventsOf(lines, 'invite.enabled')[0].body.url += 'x'
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'a link that lasts longer',
    lines => {
      eventsOf(lines, 'invite.enabled')[0].body.expiresAt = null
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'a link that nobody ended',
    lines => {
      delete eventsOf(lines, 'invite.disabled')[0].body.signed
      return rechain(lines)
    },
    /nobody signed this invite\.disabled \(unsigned\)/,
  ],
  [
    'somebody who did not ask to join',
    lines => {
      eventsOf(lines, 'join.requested')[0].body.user = D
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'somebody else who was turned away',
    lines => {
      eventsOf(lines, 'join.rejected')[0].body.users = [D]
      return rechain(lines)
    },
    /what was signed is not what happened \(signature\)/,
  ],
  [
    'an admin whom nobody made one',
    lines => {
      const made = eventsOf(lines, 'roles.changed')[1]
      made.body.user = A
      made.body.granted = false
      return rechain(lines)
    },
    /nobody signed that 1+ ceased to be an admin \(unsigned\)/,
  ],
  [
    'a group whose making is not signed',
    lines => renumber(rechain(without(lines, eventsOf(lines, 'group.signed')[0]))),
    /the making of the group is not signed \(unsigned\)/,
  ],
  [
    'a control event changed',
    lines => {
      eventsOf(lines, 'members.removed')[0].body.reason = 'x'
    },
    /entry \d+: its digest is of another entry \(link\)/,
  ],
  [
    'a time changed',
    lines => {
      eventsOf(lines, 'members.removed')[0].at += 1
    },
    /its digest is of another entry \(link\)/,
  ],
  [
    'a control event taken out',
    lines => without(lines, eventsOf(lines, 'members.removed')[0]),
    /entry \d+: \d+ is missing before it \(order\)/,
  ],
  [
    'two control events exchanged',
    lines => {
      const [one, two] = eventsOf(lines, 'roles.changed')
      ;[one.link, two.link] = [two.link, one.link]
    },
    /is missing before it \(order\)/,
  ],
  [
    'the last control event taken out',
    lines => without(lines, eventsOf(lines, 'epoch.opened').at(-1)),
    /the chain ends here, the head is said to be \d+ \(head\)/,
  ],
  [
    'a control event in no chain',
    lines => {
      delete eventsOf(lines, 'room.retitled')[0].link
    },
    /it changes who may do what and is in no chain \(link\)/,
  ],
  [
    'a message changed',
    lines => {
      const [one, two] = eventsOf(lines, 'message')
      one.body.content.createEvent = two.body.content.createEvent
    },
    /room \d+, event \d+: .*the signature of 1+ does not verify \(signature\)/,
  ],
  [
    'a message of somebody who is no member',
    lines => {
      eventsOf(lines, 'message').at(-1).actor = C
    },
    /event \d+: 3+ is no member \(message\)/,
  ],
  [
    'a message under an older key',
    lines => {
      eventsOf(lines, 'message').at(-1).body.content.epoch = '5'
    },
    /it is under a key that is not the newest \(message\)/,
  ],
  [
    'a message taken out',
    lines => without(lines, eventsOf(lines, 'message')[0]),
    /events are missing after 3 \(order\)/,
  ],
  [
    'an id that is not newer',
    lines => {
      eventsOf(lines, 'message').at(-1).id = '5'
    },
    /its sequence or its id is not newer/,
  ],
  [
    'a suite that is another',
    lines => {
      roomOf(lines).suite = 'none'
    },
    /it is served as of suite none, its chain says xchat/,
  ],
  [
    'a room twice',
    lines => {
      const at = lines.indexOf(roomOf(lines))
      const end = lines.findIndex((line, index) => index > at && line.kind !== 'event')
      lines.splice(end, 0, ...lines.slice(at, end))
    },
    /room \d+: it stands twice \(order\)/,
  ],
]

describe('in an export is noticed', () => {
  test.each(PLANTS)('%s', async (_name, plant, said) => {
    const lines = await readLines(file)
    const changed = path()
    await writeLines(changed, (plant(lines) as Line[] | undefined) ?? lines)
    const { faults } = await verifyExport(changed, null)
    expect(faults.join('\n')).toMatch(said)
  })

  test('all that is wrong, each with its place, on the error output', async () => {
    const lines = await readLines(file)
    roomOf(lines).members.push(D)
    userOf(lines, A).keys.shift()
    const changed = path()
    await writeLines(changed, lines)
    const { code, err } = await server.command('verify', changed)
    expect(code).toBe(1)
    expect(err).toMatch(/^user 1+: .*\nroom \d+: 4+ is served .*\n2 things are wrong\.\n$/)
  })
})

const AGAINST: readonly Plant[] = [
  [
    'a chain rewritten with care',
    lines => {
      roomOf(lines).members = [...roomOf(lines).members]
      eventsOf(lines, 'room.created')[0].at -= 1
      return rechain(lines)
    },
    /entry \d+: it is another entry than the one that was seen earlier \(rewritten\)/,
  ],
  [
    'a key log rewritten with care',
    lines => {
      keysOf(lines, B)[0].entry.at -= 1
      return rechain(lines)
    },
    /user 2+, entry 1: it is another entry than the one that was seen earlier \(rewritten\)/,
  ],
  [
    'a room that is gone',
    lines => lines.filter(line => line.room !== group.id.slice(1) && line !== roomOf(lines)),
    /room \d+: it was there in the older export \(rollback\)/,
  ],
  [
    'a user who is gone',
    lines => lines.filter(line => line.user !== B && line !== userOf(lines, B)),
    /user 2+: it was there in the older export \(rollback\)/,
  ],
]

describe('against an older export is noticed', () => {
  test.each(AGAINST)('%s', async (_name, plant, said) => {
    const lines = await readLines(file)
    const changed = path()
    await writeLines(changed, (plant(lines) as Line[] | undefined) ?? lines)
    expect((await verifyExport(changed, older)).faults.join('\n')).toMatch(said)
  })

  test('a server that was set back', async () => {
    const [now, then] = [await readLines(file), await readLines(older)]
    now[0].at = then[0].at - 1
    then[0].at = now[0].at + 2
    const [before, after] = [path(), path()]
    await writeLines(before, now)
    await writeLines(after, then)
    const { faults } = await verifyExport(after, before)
    expect(faults.join('\n')).toMatch(/user 1+, entry 1: the chain ends here, it was seen up to 2 \(rollback\)/)
    expect(faults.join('\n')).toMatch(/room \d+, entry 3: the chain ends here, it was seen up to \d+ \(rollback\)/)
    expect(faults.join('\n')).toMatch(/its log ends at 4, it was seen up to \d+ \(rollback\)/)
  })

  test('that the older one was given as the newer', async () => {
    const { code, err } = await server.command('verify', older, '--against', file)
    expect([code, err]).toEqual([1, `${file} is newer than ${older}: give the older one to --against.\n`])
  })
})

describe('one clear sentence is said of', () => {
  const cut = async (lines: Line[], counted = true): Promise<string> => {
    const to = path()
    await writeLines(to, lines, counted)
    return to
  }
  const written = async (content: string | Uint8Array): Promise<string> => {
    const to = path()
    await writeFile(to, content)
    return to
  }
  const header = '{"conclave":"export","version":1,"at":1,"by":"x"}\n'
  const files: readonly (readonly [string, () => Promise<string>, RegExp])[] = [
    [
      'a file that is not there',
      async () => join(folder, 'no such file'),
      /^The file .* cannot be read \(ENOENT\)\.\n$/,
    ],
    ['a folder', async () => folder, /^The file .* cannot be read \(EISDIR\)\.\n$/],
    ['an empty file', () => written(''), /^The file .* is empty\.\n$/],
    ['another file', () => written('hello\n'), /^The file .* is no export of Conclave\.\n$/],
    ['other JSON', () => written('{"users":[]}\n'), /^The file .* is no export of Conclave\.\n$/],
    [
      'another version',
      () => written('{"conclave":"export","version":2,"at":1,"by":"x"}\n'),
      /^The file .* is an export of version 2, this Conclave reads version 1\.\n$/,
    ],
    [
      'a file without an end',
      async () => cut((await readLines(file)).slice(0, -1)),
      /^The file .* is cut off: it has no end\.\n$/,
    ],
    [
      'a line that is cut off',
      async () =>
        written(
          JSON.stringify(await readLines(file))
            .slice(1, -90)
            .replaceAll('},{"kind', '}\n{"kind'),
        ),
      /^(Line \d+ of .* cannot be read: not JSON|The file .* is cut off: it has no end)\.\n$/,
    ],
    [
      'lines that are missing',
      async () => {
        const lines = await readLines(file)
        return cut(lines.slice(0, 5).concat(lines.slice(-1)), false)
      },
      /^Lines are missing in .*: it has other numbers than its end says\.\n$/,
    ],
    [
      'something after the end',
      async () => cut([...(await readLines(file)), { kind: 'user' }], false),
      /^Line \d+ of .* comes after the end\.\n$/,
    ],
    ['an unknown line', () => written(`${header}{"kind":"other"}\n`), /^Line 2 of .* is no line of an export\.\n$/],
    [
      'a line of two kinds',
      () => written(`${header}{"kind":"user","kind":"end","rooms":0,"events":0,"users":1,"keys":0}\n`),
      /^Line 2 of .* says twice what it is\.\n$/,
    ],
    [
      'a field too few',
      () => written(`${header}{"kind":"user","id":"1"}\n`),
      /^Line 2 of .* cannot be read: username .*\.\n$/,
    ],
    [
      'brackets without an end',
      () => written(`${header}{"kind":"key","entry":${'['.repeat(100_000)}\n`),
      /^Line 2 of .* cannot be read: nested too deeply\.\n$/,
    ],
    [
      'an event of another room',
      () =>
        written(
          `${header}{"kind":"event","room":"1","sequence":1,"id":"1","at":1,"actor":null,"body":{"type":"message"}}\n{"kind":"end","rooms":0,"events":1,"users":0,"keys":0}\n`,
        ),
      /^An event of 1 in .* stands elsewhere\.\n$/,
    ],
    [
      'bytes that are no text',
      () => written(Buffer.concat([Buffer.from(header), Buffer.from([0xff, 0xfe, 0x0a])])),
      /^Line 2 of .* is not UTF-8\.\n$/,
    ],
    [
      'a line without an end',
      () => written(Buffer.concat([Buffer.from(`${header}{"kind":"user","id":"`), Buffer.alloc(40 << 20, 0x61)])),
      /^Line 2 of .* has more than \d+ bytes\.\n$/,
    ],
  ]
  test.each(files)('%s', async (_name, make, said) => {
    const { code, out, err } = await conclave(['verify', await make()], {})
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(said)
  })
})

describe('whatever happens meanwhile', () => {
  test('an export under load is in order, and so is the next one against it', async () => {
    let going = true
    let sent = 0
    const crowd = await Promise.all(CROWD.slice(0, 6).map(id => enroll(server.url, id)))
    const storm = crowd.map(async (hand, index) => {
      const other = crowd[(index + 1) % crowd.length] as Hand
      const made = await makeGroup(server.url, hand, [hand])
      while (going) {
        await addTo(server.url, made, hand, [other])
        for (let n = 0; n < 4; n++, sent++) await send(hand, made)
        const removal = removalBody(made, hand, [other])
        await post(hand, `${made.id}/members`, removal, 'DELETE')
        made.members = [hand]
        made.version = removal.conversation_key_version
      }
    })
    const files: string[] = []
    while (files.length < 4) files.push(await exported())
    going = false
    await Promise.all(storm)
    expect(sent).toBeGreaterThan(50)
    for (const [index, one] of files.entries())
      expect((await verifyExport(one, files[index - 1] ?? older)).faults).toEqual([])
  })

  test('a server that was killed under load has chains that are in order, before and after it is started again (L6)', async () => {
    const own = await startXchatServer()
    try {
      const hands = await Promise.all(CROWD.slice(0, 4).map(id => enroll(own.url, id)))
      const storm = hands.map(async hand => {
        // Until the server is gone.
        for (let served = true; served; ) {
          try {
            const made = await makeGroup(own.url, hand, hands)
            for (let n = 0; n < 3; n++) {
              const body = keysBody(hand, made.id, hands, nextVersion())
              await ask(own.url, tokenOf(hand.id), 'POST', `/2/chat/conversations/${made.id}/keys`, { body })
            }
          } catch {
            served = false
          }
        }
      })
      await new Promise(resolve => setTimeout(resolve, 700))
      const running = await exported(own)
      await new Promise(resolve => setTimeout(resolve, 300))
      await own.kill()
      await Promise.all(storm)
      const stopped = await exported(own)
      expect((await verifyExport(stopped, running)).faults).toEqual([])
      const again = await startServer({ data: own.data })
      try {
        await makeGroup(again.url, hands[0] as Hand, hands)
        const last = await exported(again)
        const { faults, checked } = await verifyExport(last, stopped)
        expect(faults).toEqual([])
        expect(checked[1]).toMatch(/^\d{2,} rooms/)
      } finally {
        await again.stop()
      }
    } finally {
      await own.remove()
    }
  })
})
