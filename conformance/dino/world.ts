// The world in which the recorded cases were made (cases/dino-world.json), in the form that `conclave import` takes.
import type { World } from '../server.ts'

const ATTRIBUTES = { age: '30', gender: 'm', membership: 'normal', country: 'de', image: 'y', user_type: '0' }

/** Who acts under which short name; `l` logs in and `x` never does. */
export const ACTORS = {
  a: '1001',
  b: '1002',
  c: '1003',
  owner: '2000',
  mod: '2001',
  chadmin: '2002',
  chowner: '2003',
  su: '2004',
  gm: '2005',
} as const

function user(id: string, attributes: Record<string, string> = {}, more: object = {}): object {
  return { id, username: `user${id}`, tokens: [`tok${id}`], attributes: { ...ATTRIBUTES, ...attributes }, ...more }
}

function acl(action: string, type: string, value = ''): object {
  return { action, type, value }
}

function room(ref: string, channel: string, acls: object[] = [], more: object = {}): object {
  const name = NAMES[ref] ?? `${ref.slice(2)} room`
  return { ref, channel, name, kind: 'static', owners: ['2000'], acls, ...more }
}

const NAMES: Record<string, string> = {
  r_hist: 'nohist room',
  r_disallow: 'disallow join',
  r_rename: 'rename me',
  r_remove: 'remove me',
  r_remove2: 'remove me two',
  admin_room: 'Admins',
}
const MODERATED = { moderators: ['2001'] }

export const RECORDED: World = {
  users: [
    { id: '0', username: 'Admin', roles: ['superuser'] },
    user(ACTORS.a),
    user(ACTORS.b, { gender: 'w', age: '25' }),
    user(ACTORS.c, { age: '40' }),
    user('1021'),
    { id: '1022', username: 'user1022', tokens: ['tok1022'] },
    user(ACTORS.owner),
    user(ACTORS.mod),
    user(ACTORS.chadmin),
    user(ACTORS.chowner),
    user(ACTORS.su, {}, { roles: ['superuser'] }),
    user(ACTORS.gm, {}, { roles: ['globalmod'] }),
  ],
  channels: [
    { ref: 'c1', name: 'chan one', sort: 5, owners: [ACTORS.chowner], admins: [ACTORS.chadmin] },
    { ref: 'c2', name: 'chan two', sort: 3, acls: [acl('list', 'gender', 'w')] },
    { ref: 'c3', name: 'chan empty', sort: 9 },
    { ref: 'c4', name: 'chan mix', sort: 7 },
    { ref: 'c5', name: 'chan create', sort: 8, acls: [acl('create', 'gender', 'w')] },
    { ref: 'c6', name: 'chan static', sort: 2 },
    { ref: 'c7', name: 'chan whisper', sort: 11, acls: [acl('whisper', 'disallow')] },
    { ref: 'admins', name: 'Admins', sort: 99 },
    { ref: 'default_channel', name: '_DEFAULT', sort: 100 },
  ],
  rooms: [
    room('r_static', 'c1', [], MODERATED),
    room('r_other', 'c1'),
    room('r_del', 'c1', [], MODERATED),
    room('r_kick', 'c1'),
    room('r_ban', 'c1'),
    room('r_mute', 'c1'),
    room('r_dup', 'c1'),
    room('r_rename', 'c1', [], MODERATED),
    room('r_remove', 'c1'),
    room('r_remove2', 'c1', [], { kind: 'temporary', ...MODERATED }),
    room('r_eph', 'c1', [], { kind: 'temporary' }),
    room('r_ownleave', 'c1', [], { kind: 'temporary', owners: [ACTORS.a] }),
    room('r_age', 'c1', [acl('join', 'age', '35:50')]),
    room('r_gender', 'c1', [acl('join', 'gender', 'w,p')]),
    room('r_hist', 'c1', [acl('history', 'disallow')]),
    room('r_same', 'c1', [acl('history', 'sameroom')]),
    room('r_custom', 'c1', [acl('join', 'custom', 'age=35:|gender=w,age=:26')]),
    room('r_list', 'c1', [acl('list', 'gender', 'w')]),
    room('r_auto', 'c1', [acl('autojoin', 'user_type', '9')]),
    room('r_cross', 'c1', [acl('crossroom', 'disallow')]),
    room('r_disallow', 'c1', [acl('join', 'disallow')]),
    room('r_c2', 'c2'),
    room('r_c2b', 'c2'),
    room('r_c4s', 'c4'),
    room('r_c4t', 'c4', [], { kind: 'temporary' }),
    room('r_c6', 'c6'),
    room('r_wh', 'c7'),
    room('admin_room', 'admins', [acl('join', 'admin'), acl('list', 'admin')], { admin: true, owners: ['0'] }),
  ],
  blacklist: ['badword'],
}

/** What the real server did that is a setting here, as in the recording (design 5). */
export const RECORDED_CONFIG = { dino: { kickBan: 600, deleteOnBan: true }, rooms: { temporary: 'until-empty' } }
