// `channels.*`, `groups.*` and `im.*` (also `dm.*`) do the same to public, private and direct rooms: one file here is one
// verb for those families that have it.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { ID_TEXT } from '../../limits.ts'
import { type Found, fullNameOf, slugOf, typeOf } from '../../names.ts'
import { governed, governedNamed, known, knownNamed } from '../../rooms/access.ts'
import { forbidden, type Required, type RestCall, type Route, route, unauthorized } from '../../route.ts'
import type { Permission } from '../../settings/permission-table.ts'
import { directNamed } from '../direct-named.ts'

export type Family = 'channels' | 'groups' | 'im'

const WORDS = {
  channels: { type: 'c', missing: 'error-roomid-param-not-provided', none: 'channel' },
  groups: { type: 'p', missing: 'error-room-param-not-provided', none: 'group' },
} as const

const NOT_FOUND = 'error-room-not-found'
const named = z.looseObject({ roomId: z.unknown().optional(), roomName: z.unknown().optional() })

/** The room that a request names by `roomId` or `roomName`, if it is one of the family and the caller may know of it, or,
 * by `office`, rules it as an administrator. */
export async function roomFor(
  family: Family,
  call: RestCall,
  input: unknown,
  by: 'access' | 'office' = 'access',
): Promise<Found | MeteorError> {
  if (family === 'im') return directNamed(call, input as object)
  const { gate, caller } = call
  const { type, missing, none } = WORDS[family]
  const given = named.safeParse(input)
  const { roomId, roomName } = given.success ? given.data : {}
  if (!isText(roomId) && !isText(roomName))
    return new MeteorError(missing, 'The parameter "roomId" or "roomName" is required')
  const [byId, byName] = by === 'office' ? [governed, governedNamed] : [known, knownNamed]
  const found = isText(roomId) ? await byId(gate, caller, roomId) : await byName(gate, caller, roomName as string)
  if (found && typeOf(found.room) === type) return found
  return new MeteorError(NOT_FOUND, `The required "roomId" or "roomName" param provided does not match any ${none}`)
}

function archived(family: Family, { room }: Found): MeteorError {
  const what = family === 'groups' ? 'private group' : 'channel'
  return new MeteorError('error-room-archived', `The ${what}, ${slugOf(fullNameOf(room))}, is archived`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= ID_TEXT
}

export interface FamilyVerb<Input extends z.ZodType> {
  readonly families: readonly Family[]
  readonly verb: 'GET' | 'POST'
  /** After the dot. */
  readonly name: string
  readonly input: Input
  /** Asked before the room is looked for. */
  readonly everywhere?: Required
  /** Asked with the caller's roles in the room as well. */
  readonly permission?: Permission
  /** Refused where the room is archived. */
  readonly active?: true
  /** What administrators do to rooms in which they are not. */
  readonly office?: true
  run(call: RestCall, input: z.output<Input>, found: Found, family: Family): Promise<object | MeteorError>
}

/** One route for each family, which looks the room up first. */
export function familyRoutes<Input extends z.ZodType>(spec: FamilyVerb<Input>): Route[] {
  return spec.families.map(family =>
    route({
      verb: spec.verb,
      paths: pathsOf(family, spec.name),
      input: spec.input,
      ...(spec.everywhere && { permission: spec.everywhere }),
      async run(call, input) {
        const found = await roomFor(family, call, input, spec.office ? 'office' : 'access')
        // Of a direct room nobody else learns whether there is one.
        if (found instanceof MeteorError) return family === 'im' && found.error === NOT_FOUND ? unauthorized : found
        if (spec.active && found.room.config.archived) return archived(family, found)
        const { gate, caller } = call
        if (spec.permission && !gate.permissions.may(caller.account, spec.permission, found.room)) return forbidden
        return spec.run(call, input, found, family)
      },
    }),
  )
}

/** `im.*` has a second name. */
export function pathsOf(family: Family, name: string): string[] {
  return family === 'im' ? [`/v1/im.${name}`, `/v1/dm.${name}`] : [`/v1/${family}.${name}`]
}
