// Where Conclave answers differently than the real server was recorded to: a defect of that server, or a sentence of
// the seed (../../protocol/dino.md) that the recording contradicts. Everything else must be as recorded.

export interface Difference {
  /** Our answer; null where the case cannot be set up. */
  readonly code: number | null
  /** What the recording contradicts, word for word. */
  readonly seed?: string
  /** Why the recording is a defect (the case itself is marked so). */
  readonly defect?: string
  /** Why such a state cannot exist. */
  readonly impossible?: string
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'history-notype': {
    code: 200,
    seed: 'Request contains: { "target": { "id": "<room UUID>" }, "updated": "…", "verb": "list" }',
  },
  'list_rooms-nochannel': { code: 801, defect: 'an unknown channel has a code of its own, NO_SUCH_CHANNEL' },
  'message-nochannel': { code: 801, defect: 'an unknown channel has a code of its own, NO_SUCH_CHANNEL' },
  'message-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'join-displayname-only': { code: 200, defect: 'joining by display name works' },
  'join-by-name-unknown': { code: 802, defect: 'every request is answered' },
  'message-private-uid': { code: 200, defect: 'a user id is a target, as the seed says' },
  'message-private-offline-uid': { code: 800, defect: 'a user id is a target, and an unknown one has its code' },
  'leave-last-eph': { code: 200, defect: 'nobody hears of rooms before logging in' },
  'create-ok': { code: 200, defect: 'a name is encoded once' },
  'create-acl-ok': { code: 200, defect: 'a name is encoded once' },
  'create-with-acl': { code: 200, defect: 'a name is encoded once' },
  'create-private': { code: 200, defect: 'a name is encoded once' },
  'kick-ok': { code: 200, defect: 'a name is encoded once' },
  'whisper-with-objecttype': { code: 200, defect: 'a name is encoded once' },
  'create-nourl': { code: 503, defect: 'a missing field has a code of its own' },
  'create-with-bad-acl': { code: 601, defect: 'a room is made with its rules or not at all' },
  'msg_status-noattach': { code: 508, defect: 'missing attachments have a code of their own' },
  'received-noattach': { code: 508, defect: 'missing attachments have a code of their own' },
  'set_acl-empty': { code: 508, defect: 'missing attachments have a code of their own' },
  'update_user_info-noattach': { code: 508, defect: 'missing attachments have a code of their own' },
  'update_user_info-noattach2': { code: 508, defect: 'missing attachments have a code of their own' },
  'received-emptytarget': { code: 502, defect: 'a missing target has a code of its own' },
  'delete-notarget': { code: 502, defect: 'a missing target has a code of its own' },
  'request_admin-notarget': { code: 502, defect: 'a missing target has a code of its own' },
  'remove-notarget': { code: 502, defect: 'a missing target has a code of its own' },
  'delete-noobject': { code: 501, defect: 'a missing object has a code of its own' },
  'delete-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'get_acl-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'whisper-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'request_admin-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'rename-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'remove-again': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'ban-noroom': { code: 802, defect: 'an unknown room has a code of its own, NO_SUCH_ROOM' },
  'set_acl-type-not-for-action': { code: 601, defect: 'a type that is not for the action is an invalid type' },
  'set_acl-su-invalid': { code: 601, defect: 'rules are checked whoever sets them' },
  'invite-ok': { code: 200, defect: 'who invites is the actor' },
  'invite-not-in-room': { code: 702, defect: 'nobody invites into a room that they are not in' },
  'whisper-ok': { code: 200, defect: 'a whisper needs no target.objectType' },
  'update_user_info-protected': { code: 705, defect: 'refused in words' },
  'update_user_info-notype': { code: 509, defect: 'a missing type has a code of its own' },
  'update_user_info-nocontent': { code: 510, defect: 'a missing content has a code of its own' },
  'report-ok': { code: 200, defect: 'a report arrives' },
  'report-reason': { code: 200, defect: 'a report arrives' },
  'report-nouser': { code: 800, defect: 'an unknown user has a code of its own' },
  'rename-exists': { code: 704, defect: 'a name that is taken has a code of its own' },
  'rename-blank': { code: 504, defect: 'a missing name has a code of its own' },
  'rename-notb64': { code: 701, defect: 'what is not base64 has a code of its own' },
  'remove-owner': { code: 200, defect: 'a reason is encoded once' },
  'kick-noobject': { code: 504, defect: 'a missing object names nobody' },
  'ban-su': { code: 705, defect: 'what is not allowed has a code of its own' },
  'ban-channel-su': { code: 200, defect: 'bans from channels work' },
  'login-banned': { code: 703, defect: 'the seconds that are left are right' },
  'delete-room-type-snake': {
    code: 200,
    seed: 'If object_type is set to room the object.id should be the UUID of a room. All messages in that room will then be deleted.',
  },
  'history-after-snake': {
    code: 200,
    seed: 'If object_type is set to room the object.id should be the UUID of a room. All messages in that room will then be deleted.',
  },
  'login-no-username-in-redis': { code: null, impossible: 'an account always has a username' },
  'ts-login-missing-user_id': { code: null, impossible: 'an account always has an id' },
  'ts-login-missing-user_name': { code: null, impossible: 'an account always has a username' },
}

export function reasonOf({ seed, defect, impossible }: Difference): string {
  if (seed !== undefined) return `the seed says: ${seed}`
  return defect === undefined ? `not possible: ${impossible}` : `upstream defect: ${defect}`
}
