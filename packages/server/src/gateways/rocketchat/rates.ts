// The wire's own rate limits (rocketchat.md section 2), off by default (`limits.rates`): with "wire" they hold in the real
// server's numbers, which administrators change by its settings.
import type { Allowance } from '../../quota/quota.ts'
import type { Account } from '../../room/facts.ts'
import { MeteorError, tooMany } from './errors.ts'
import type { Gate } from './gate.ts'

const RULES = ['Connection_By_Method', 'User_By_Method', 'Connection', 'User', 'IP'] as const
type Rule = (typeof RULES)[number]

/** What a method or subscription is counted against. */
export interface Counted {
  /** Of the method or publication. */
  readonly name: string
  readonly connection: string
  readonly account: Account | null
  readonly address: string
}

/** Messages a second of one user who may not send many. */
const MESSAGES: Allowance = { limit: 5, window: 1_000 }
/** Streams are subscribed to by the dozen. */
const STREAM_FACTOR = 4

/** Counts one request of a connection, where `limits.rates` says so; the refusal where it is one too many. */
export async function checkRates(gate: Gate, counted: Counted): Promise<MeteorError | null> {
  const { settings, permissions, parts } = gate
  const { name, account } = counted
  for (const rule of RULES) {
    const key = keyOf(rule, counted)
    if (key === null || !settings.get(`DDP_Rate_Limit_${rule}_Enabled`)) continue
    const factor = rule.endsWith('_By_Method') && name.startsWith('stream-') ? STREAM_FACTOR : 1
    const refused = await take(gate, key, {
      limit: settings.get(`DDP_Rate_Limit_${rule}_Requests_Allowed`) * factor,
      window: settings.get(`DDP_Rate_Limit_${rule}_Interval_Time`) * factor,
    })
    if (refused) return refused
  }
  if (name !== 'sendMessage' || !account || permissions.may(account, 'send-many-messages')) return null
  const { allowed, resetsAt } = await parts.quota.take(`rc:messages:${account.id}`, MESSAGES)
  return allowed ? null : tooMany(resetsAt - parts.clock.now())
}

function keyOf(rule: Rule, { name, connection, account, address }: Counted): string | null {
  switch (rule) {
    case 'Connection_By_Method':
      return `rc:connection:${connection}:${name}`
    case 'User_By_Method':
      return account && `rc:user:${account.id}:${name}`
    case 'Connection':
      return `rc:connection:${connection}`
    case 'User':
      return account && `rc:user:${account.id}`
    case 'IP':
      return `rc:address:${address}`
  }
}

async function take({ parts }: Gate, key: string, allowance: Allowance): Promise<MeteorError | null> {
  // An administrator's mistake must not lock everybody out.
  const { allowed, resetsAt } = await parts.quota.take(key, atLeastOne(allowance))
  return allowed ? null : tooMany(resetsAt - parts.clock.now())
}

function atLeastOne({ limit, window }: Allowance): Allowance {
  return { limit: Math.max(1, limit), window: Math.max(1, window) }
}

export interface RestRate {
  readonly headers: Readonly<Record<string, string>>
  readonly refused: MeteorError | null
}

/** Counts one request of a route from an address; null where nothing is counted. */
export async function checkRestRate(
  { parts, settings, permissions }: Gate,
  route: string,
  address: string,
  account: Account | null,
): Promise<RestRate | null> {
  if (parts.config.limits.rates !== 'wire' || !settings.get('API_Enable_Rate_Limiter')) return null
  if (account && permissions.may(account, 'api-bypass-rate-limit')) return null
  const limit = settings.get('API_Enable_Rate_Limiter_Limit_Calls_Default')
  const window = settings.get('API_Enable_Rate_Limiter_Limit_Time_Default')
  const { allowed, remaining, resetsAt } = await parts.quota.take(
    `rc:rest:${route}:${address}`,
    atLeastOne({ limit, window }),
  )
  const headers = {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetsAt),
  }
  if (allowed) return { headers, refused: null }
  const timeToReset = resetsAt - parts.clock.now()
  const seconds = Math.max(1, Math.ceil(timeToReset / 1_000))
  const reason = `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying this endpoint again.`
  return { headers, refused: new MeteorError('error-too-many-requests', reason, { timeToReset, seconds }) }
}
