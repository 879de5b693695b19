// The table of ACL types (dino.md section 6): how each type's value is read, and for which actions on a room and
// on a channel it may be set. DEFAULT_RULES is what Dino ships; an operator's file can replace it.

export type PlainValidator =
  /** One attribute among the ACL's csv. `values`: all that an ACL may name; null leaves them open. */
  | { readonly kind: 'str_in_csv'; readonly values: readonly string[] | null }
  /** Any of an attribute's csv among the ACL's csv. */
  | { readonly kind: 'csv_in_csv'; readonly values: readonly string[] | null }
  /** A number in `min:max`, both inclusive and optional. */
  | { readonly kind: 'range' }
  | { readonly kind: 'samechannel' | 'sameroom' | 'disallow' | 'is_room_owner' | 'is_admin' | 'is_super_user' }

export type AclValidator = PlainValidator | { readonly kind: 'custom' }

export interface AclRules {
  /** Every type that a client may name; one without a validator is known but takes no value. */
  readonly available: ReadonlySet<string>
  readonly validators: ReadonlyMap<string, AclValidator>
  /** Action -> types that may be set for it. An action that is not here is not ruled by ACLs. */
  readonly room: ReadonlyMap<string, readonly string[]>
  readonly channel: ReadonlyMap<string, readonly string[]>
}

/** Whether an ACL of that type says nothing without a value; a type that nobody knows is not held to say nothing. */
export function wantsValue(type: string, rules: AclRules): boolean {
  switch (rules.validators.get(type)?.kind) {
    case 'str_in_csv':
    case 'csv_in_csv':
    case 'range':
    case 'custom':
      return true
    default:
      return false
  }
}

const open: PlainValidator = { kind: 'str_in_csv', values: null }
const yesOrNo: PlainValidator = { kind: 'str_in_csv', values: ['y', 'n'] }

const validators = new Map<string, AclValidator>([
  ['age', { kind: 'range' }],
  ['gender', { kind: 'str_in_csv', values: ['m', 'w', 'p', 'tv', 'ts', 'ftm', 'mtf'] }],
  ['membership', { kind: 'str_in_csv', values: ['normal', 'premium', 'vip', 'tg', 'tg_p'] }],
  ['group', open],
  ['country', open],
  ['city', open],
  ['user_type', open],
  ['spoken_language', { kind: 'csv_in_csv', values: null }],
  ['image', yesOrNo],
  ['has_webcam', yesOrNo],
  ['fake_checked', yesOrNo],
  ['owner', yesOrNo],
  ['admin', { kind: 'is_admin' }],
  ['room_owner', { kind: 'is_room_owner' }],
  ['moderator', yesOrNo],
  ['superuser', { kind: 'is_super_user' }],
  ['samechannel', { kind: 'samechannel' }],
  ['sameroom', { kind: 'sameroom' }],
  ['disallow', { kind: 'disallow' }],
  ['custom', { kind: 'custom' }],
])

const every = [...validators.keys()]
const everyButChannel = every.filter(type => type !== 'samechannel')
const staff = ['owner', 'admin', 'superuser']

export const DEFAULT_RULES: AclRules = {
  // "crossroom" is an action; Dino also lists it as a type, which then has no validator.
  available: new Set([...every, 'crossroom']),
  validators,
  room: new Map([
    ['join', everyButChannel],
    ['autojoin', everyButChannel],
    ['list', everyButChannel],
    ['history', every],
    ['message', everyButChannel],
    ['crossroom', every],
    ['setacl', staff],
    ['kick', [...staff, 'room_owner', 'moderator', 'disallow']],
    ['ban', [...staff, 'disallow']],
  ]),
  channel: new Map([
    ['list', every],
    ['create', every],
    ['message', everyButChannel],
    ['crossroom', every],
    ['whisper', ['disallow']],
    ['setacl', staff],
    ['ban', staff],
  ]),
}
