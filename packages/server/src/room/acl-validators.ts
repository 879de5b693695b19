// How a plain ACL's value is read (dino.md section 6): is it well formed, and does a visitor meet it. The texts are
// the recorded ones. The custom grammar, which combines these, is in acl-custom.ts.
import { ACL_ATTRIBUTE, type Visitor } from './acl.ts'
import type { PlainValidator } from './acl-rules.ts'

/** 15 digits stay exact as a number. */
const WHOLE = /^[+-]?\d{1,15}$/

/** Why the value may not be set, or null. Not asked about blank values outside of `range`. */
export function valueFault(validator: PlainValidator, value: string): string | null {
  switch (validator.kind) {
    case 'str_in_csv':
    case 'csv_in_csv': {
      const { values } = validator
      if (values === null || value.split(',').every(v => values.includes(v))) return null
      const listed = values.map(v => `'${v}'`).join(', ')
      return `new acl value(s) "${value}" does not match configured possible value(s) "[${listed}]"`
    }
    case 'range':
      return rangeFault(value)
    case 'samechannel':
    case 'sameroom':
    case 'disallow':
    case 'is_room_owner':
    case 'is_admin':
    case 'is_super_user':
      return null
  }
}

function rangeFault(value: string): string | null {
  if (value.trim() === '') return 'blank range when creating AclRangeValidator'
  const colon = value.indexOf(':')
  if (colon < 0) return `value not a range, no colon in value: "${value}"`
  const min = value.slice(0, colon)
  const max = value.slice(colon + 1)
  if (min !== '' && !WHOLE.test(min)) return `first value in range "${value}" is not a number`
  if (max !== '' && !WHOLE.test(max)) return `last value in range "${value}" is not a number`
  return null
}

/** Why an ACL is not met. `final`: its negation is not met either, because there is nothing to judge by. */
export interface Unmet {
  readonly reason: string
  readonly final: boolean
}

const unmet = (reason: string): Unmet => ({ reason, final: false })
const final = (reason: string): Unmet => ({ reason, final: true })

/** Null when the visitor meets the ACL. */
export function judge(validator: PlainValidator, type: string, value: string, visitor: Visitor): Unmet | null {
  switch (validator.kind) {
    case 'str_in_csv':
      return judgeString(type, value, visitor)
    case 'csv_in_csv':
      return judgeCsv(type, value, visitor)
    case 'range':
      return judgeRange(type, value, visitor)
    case 'samechannel':
      return judgeOrigin('channel', visitor)
    case 'sameroom':
      return judgeOrigin('room', visitor)
    case 'disallow':
      return final('not allowed')
    case 'is_room_owner':
      return visitor.isRoomOwner ? null : unmet('not owner')
    case 'is_admin':
      return visitor.isChannelAdmin ? null : unmet('not admin')
    case 'is_super_user':
      return visitor.isSuperuser ? null : unmet('not super user')
  }
}

function judgeString(type: string, value: string, visitor: Visitor): Unmet | null {
  if (value.trim() === '') return null
  const has = attribute(type, visitor)
  if (has === null) return final(`no session value for acl"${type}"`)
  return value.split(',').includes(has) ? null : unmet(`session value ${has} not in allowed values [${value}]`)
}

function judgeCsv(type: string, value: string, visitor: Visitor): Unmet | null {
  if (value.trim() === '') return null
  const has = attribute(type, visitor)
  if (has === null) return final(`no session values for acl"${type}"`)
  const allowed = new Set(value.split(','))
  const meets = has.split(',').some(v => v.trim() !== '' && allowed.has(v.toLowerCase()))
  return meets ? null : unmet(`session values [${has}] not in allowed values [${value}]`)
}

function judgeRange(type: string, value: string, visitor: Visitor): Unmet | null {
  const fault = rangeFault(value)
  if (fault !== null) return final(fault)
  const has = attribute(type, visitor)
  if (has === null) return final('blank value in AclRangeValidator')
  if (!WHOLE.test(has.trim())) return final(`session value "${has}" is not a valid number`)
  const colon = value.indexOf(':')
  const min = value.slice(0, colon)
  const max = value.slice(colon + 1)
  if (min !== '' && Number(has) < Number(min)) return unmet('value too low')
  if (max !== '' && Number(has) > Number(max)) return unmet('value too high')
  return null
}

/** An origin that the visitor is not inside is a claim, so it is neither the same nor another. */
function judgeOrigin(what: 'room' | 'channel', visitor: Visitor): Unmet | null {
  const { origin, target } = visitor
  if (origin === null) return final(`no origin ${what} uuid in actor.url`)
  if (what === 'room' && target.kind !== 'room') return final('no target room uuid in object.url')
  if (!origin.inside) return final('user is not in room, not allowed')
  const same =
    what === 'channel' ? origin.channel === target.channel : target.kind === 'room' && origin.room === target.room
  return same ? null : unmet(`${what}s are not the same`)
}

/** Null when missing or blank. Roles are known, so that nobody gives them to themselves as user info. */
function attribute(type: string, visitor: Visitor): string | null {
  if (type === 'owner') return visitor.isRoomOwner || visitor.isChannelOwner ? 'y' : 'n'
  if (type === 'moderator') return visitor.isRoomModerator ? 'y' : 'n'
  const value = Object.hasOwn(visitor.attributes, type) ? visitor.attributes[type] : undefined
  return value === undefined || value.length > ACL_ATTRIBUTE || value.trim() === '' ? null : value
}
