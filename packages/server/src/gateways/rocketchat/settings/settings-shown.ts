// Settings as clients read and change them: over REST and by methods, in one way.
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import type { SettingId } from './setting-table.ts'
import { isSetting, type SettingValue } from './settings.ts'

export interface ShownSetting {
  readonly _id: SettingId
  readonly value: SettingValue
  readonly public: boolean
  readonly type: string
  readonly _updatedAt: Date
}

/** What is empty and computed is filled in. */
export function valueShown({ settings, parts }: Gate, id: SettingId): SettingValue {
  const value = settings.get(id)
  return id === 'Site_Url' && value === '' ? parts.publicUrl() : value
}

/** `since`: ms since 1970; those that somebody has changed later. All of them for the beginning of time, when each was as
 * it comes. */
export function settingsShown(gate: Gate, since?: number): ShownSetting[] {
  return gate.settings
    .all()
    .filter(({ updatedAt }) => !since || updatedAt > since)
    .map(({ _id, public: isPublic, updatedAt }) => {
      const value = valueShown(gate, _id)
      const type = typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'int' : 'string'
      return { _id, value, public: isPublic, type, _updatedAt: new Date(updatedAt) }
    })
}

/** Ids that are asked for, by a list or by the one form of query that clients write; undefined for all. */
export function wantedIds(list: string | undefined, query: string | undefined): ReadonlySet<string> | undefined {
  if (list !== undefined) return new Set(list.split(','))
  if (query === undefined) return undefined
  try {
    const { _id } = JSON.parse(query) as { _id?: unknown }
    if (typeof _id === 'string') return new Set([_id])
    const { $in } = (_id ?? {}) as { $in?: unknown }
    return Array.isArray($in) ? new Set($in.filter(id => typeof id === 'string')) : undefined
  } catch {
    return undefined
  }
}

/** What JSON cannot say, as EJSON writes it. */
const NO_NUMBER: ReadonlyMap<unknown, string> = new Map([
  [0, 'NaN'],
  [1, 'Infinity'],
  [-1, '-Infinity'],
])

/** null when it could be saved. */
export function checkSetting(id: string, value: unknown): MeteorError | null {
  if (!isSetting(id)) return new MeteorError('error-invalid-setting', 'This setting does not exist')
  const none = NO_NUMBER.get((value as { readonly $InfNaN?: unknown } | null)?.$InfNaN)
  if (none) return new MeteorError(`Invalid setting value ${none}`, '')
  const fits = typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'
  if (!fits || (typeof value === 'string' && value.length > SETTING_TEXT)) return unfit
  return null
}

/** null when it is saved. */
export async function saveSetting(gate: Gate, id: string, value: unknown): Promise<MeteorError | null> {
  const refused = checkSetting(id, value)
  if (refused) return refused
  const saved = await gate.settings.set(id as SettingId, value as SettingValue, gate.parts.clock.now())
  return saved ? null : unfit
}

const unfit = new MeteorError('error-invalid-setting-value', 'Invalid value')
const SETTING_TEXT = 65_536
