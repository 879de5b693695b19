// What files a room takes, by the settings (rocketchat.md 5.9): how large, of which media types, where at all.

import type { RoomState } from '../../../room/state.ts'
import { MeteorError } from '../errors.ts'
import type { Gate } from '../gate.ts'
import { typeOf } from '../names.ts'

/** Bytes of the largest file. */
export function mostBytes({ settings, parts }: Gate): number {
  const { bytes } = parts.config.limits.media
  const set = settings.get('FileUpload_MaxFileSize')
  return set > -1 ? Math.min(set, bytes) : bytes
}

export const tooLarge = new MeteorError('error-file-too-large', '')
export const wrongType = new MeteorError('error-invalid-file-type', 'File type is not accepted')

/** Why no file at all comes into this room, or null. */
export function checkUploads({ settings }: Gate, room: RoomState): MeteorError | null {
  if (!settings.get('FileUpload_Enabled'))
    return new MeteorError('error-file-upload-disabled', 'File uploads are disabled')
  if (typeOf(room) === 'd' && !settings.get('FileUpload_Enabled_Direct'))
    return new MeteorError('error-direct-message-file-upload-not-allowed', 'Files are not allowed in direct messages')
  return null
}

export function takesType({ settings }: Gate, type: string): boolean {
  const [white, black] = [
    listIn(settings.get('FileUpload_MediaTypeWhiteList')),
    listIn(settings.get('FileUpload_MediaTypeBlackList')),
  ]
  return (white.length === 0 || isIn(white, type)) && !isIn(black, type)
}

function listIn(setting: string): string[] {
  return setting
    .split(',')
    .map(item => item.trim().toLowerCase())
    .filter(item => item !== '')
}

function isIn(list: readonly string[], type: string): boolean {
  return list.some(item => item === '*' || item === type || (item.endsWith('/*') && type.startsWith(item.slice(0, -1))))
}
