// From the name of a method to its answer, for DDP and for REST's `method.call`.
import { decodeEjson } from '@conclave/wire'
import { internal, invalidUser, MeteorError, matchFailed, UNAVAILABLE } from './errors.ts'
import type { Caller, Gate } from './gate.ts'
import type { Answer, Method } from './method.ts'
import { FILES } from './methods/methods-of-files.ts'
import { KEYS } from './methods/methods-of-keys.ts'
import { MESSAGES } from './methods/methods-of-messages.ts'
import { ROOMS } from './methods/methods-of-rooms.ts'
import { SERVER } from './methods/methods-of-server.ts'
import { STREAMS } from './methods/methods-of-streams.ts'
import { SUBSCRIPTIONS } from './methods/methods-of-subscriptions.ts'
import { TEAMS } from './methods/methods-of-teams.ts'
import { USERS } from './methods/methods-of-users.ts'
import { checkSecondFactor, type Proof, proofIn } from './users/second-factor.ts'

/** Every method but `login` and `logout`, which are a connection's own. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  [...KEYS, ...MESSAGES, ...ROOMS, ...SUBSCRIPTIONS, ...USERS, ...FILES, ...SERVER, ...TEAMS, ...STREAMS].map(
    method => [method.name, method],
  ),
)

export interface Asked {
  readonly name: string
  /** As the JSON parser gave them. */
  readonly params: unknown
  readonly bytes: number
  /** A second factor that came beside the arguments. */
  readonly proof?: Proof | null
  /** Where it comes from, of who is not logged in. */
  readonly address?: string
  /** Call.placed */
  readonly placed?: (() => void) | undefined
}

/** Never throws: a bug is answered 500 and logged, without anything of the request. */
export function dispatch(gate: Gate, caller: Caller | null, asked: Asked): Answer | Promise<Answer> {
  const method = METHODS.get(asked.name)
  if (!method) return { error: methodNotFound(asked.name) }
  if (method.open) {
    const address = asked.address ?? caller?.address ?? ''
    return answered(gate, method, asked.params, params =>
      method.run({ gate, caller, bytes: asked.bytes, address }, params),
    )
  }
  if (!caller) return { error: invalidUser(method.anonymousAs ?? method.name) }
  const { bytes, placed } = asked
  const call = { gate, caller, bytes, placed }
  const { twoFactor } = method
  if (!twoFactor) return answered(gate, method, asked.params, params => method.run(call, params))
  const { params: given, proof } = proofIn(asked.params)
  return answered(gate, method, given, async params => {
    const unproven = await checkSecondFactor(gate, caller, twoFactor, proof ?? asked.proof ?? null)
    return unproven ?? method.run(call, params)
  })
}

async function answered(
  gate: Gate,
  method: Method,
  given: unknown,
  run: (params: unknown) => Promise<unknown>,
): Promise<Answer> {
  const params = readParams(method, given)
  if (params instanceof MeteorError) return { error: params }
  try {
    const result = await run(params.value)
    return result instanceof MeteorError ? { error: result } : { result }
  } catch (error) {
    return { error: bug(gate, method.name, error) }
  }
}

export function methodNotFound(name: string): MeteorError {
  return new MeteorError(404, `Method '${name}' not found`)
}

/** A store that fails is no bug of the handler, and is logged where it is found. */
export function bug(gate: Gate, where: string, error: unknown): MeteorError {
  if (error instanceof Error && error.name === 'StoreFailure')
    return new MeteorError(UNAVAILABLE, 'The server cannot store this now, try again')
  gate.log.error({ wire: 'rocketchat', where, err: error }, 'bug in a handler')
  return internal
}

/** The arguments; `asyncCall` of the SDK 0.2.9 puts all of them into one array, which is undone where it fits. */
export function readParams(
  method: Pick<Method, 'params' | 'usual'>,
  given: unknown,
): { readonly value: unknown } | MeteorError {
  const usual = method.usual?.(given)
  if (usual !== undefined) return { value: usual }
  const decoded = decodeEjson(given ?? [])
  if (!decoded.ok || !Array.isArray(decoded.value)) return matchFailed
  const parsed = method.params.safeParse(decoded.value)
  if (parsed.success) return { value: parsed.data }
  if (decoded.value.length === 1 && Array.isArray(decoded.value[0])) {
    const wrapped = method.params.safeParse(decoded.value[0])
    if (wrapped.success) return { value: wrapped.data }
  }
  return matchFailed
}
