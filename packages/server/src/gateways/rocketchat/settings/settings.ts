// Settings of this wire that clients read and administrators change: a table of defaults, and what has been changed.
import type { GatewayParts } from '../../gateway.ts'
import { Overrides } from './overrides.ts'
import { SETTINGS, type Setting, type SettingId } from './setting-table.ts'

export type SettingValue = boolean | number | string

export interface SettingDocument extends Setting {
  readonly _id: SettingId
  /** ms since 1970; 0 where nobody has changed it. */
  readonly updatedAt: number
}

interface Changed {
  readonly value: SettingValue
  readonly updatedAt: number
}

/** As the table's default is typed. */
type ValueOf<Id extends SettingId> = (typeof SETTINGS)[Id]['value'] extends boolean
  ? boolean
  : (typeof SETTINGS)[Id]['value'] extends number
    ? number
    : string

export class Settings {
  readonly #changed: Overrides<Changed>

  private constructor(changed: Overrides<Changed>) {
    this.#changed = changed
  }

  /** `told`: called on every node after one has changed. */
  static async open(parts: GatewayParts, told: (setting: SettingDocument) => void): Promise<Settings> {
    const changed = await Overrides.open<Changed>(parts, 'rocketchat.setting', id => {
      if (isSetting(id)) told(settings.document(id))
    })
    const settings = new Settings(changed)
    return settings
  }

  get<Id extends SettingId>(id: Id): ValueOf<Id> {
    const fixed: Setting = SETTINGS[id]
    if (fixed.fixed) return fixed.value as ValueOf<Id>
    return (this.#changed.get(id)?.value ?? fixed.value) as ValueOf<Id>
  }

  document(id: SettingId): SettingDocument {
    return { ...SETTINGS[id], _id: id, value: this.get(id), updatedAt: this.#changed.get(id)?.updatedAt ?? 0 }
  }

  all(): SettingDocument[] {
    return (Object.keys(SETTINGS) as SettingId[]).map(id => this.document(id))
  }

  /** False where the value is not of the setting's type. A change of a fixed one is taken and has no effect: clients' own
   * scripts set whole lists of settings, and what is served goes on saying what is so. */
  async set(id: SettingId, value: SettingValue, now: number): Promise<boolean> {
    const known: Setting = SETTINGS[id]
    if (typeof value !== typeof known.value) return false
    if (known.choices && !known.choices.includes(value as string)) return false
    if (known.fixed) return true
    await this.#changed.put(id, { value, updatedAt: now })
    return true
  }
}

export function isSetting(text: string): text is SettingId {
  return Object.hasOwn(SETTINGS, text)
}
