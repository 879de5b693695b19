// Files as the documents of this wire: in a message (`file`, `files`, `attachments`) and in lists of a room's files
// (rocketchat.md section 4). Links are relative: clients put their server before them.
import type { FileInfo } from '../../../engine/media-records.ts'
import type { MessageFile } from '../../../engine/message-files.ts'
import type { RoomState } from '../../../room/state.ts'
import { linkOf } from '../../file-link.ts'
import type { Document } from '../encode.ts'
import { ridOf, type UserRef } from '../names.ts'
import { formatOf, typeGroupOf } from './file-names.ts'

interface Shown {
  readonly key: string
  readonly bytes: number
  readonly file: FileInfo
}

/** What goes into a plain message. */
export function attachedDocuments(shown: Shown, description: string | undefined): Document {
  return { ...filesDocuments(shown), attachments: [attachmentOf(shown, description)] }
}

/** What stands beside a ciphertext, which alone says what the file is. */
export function filesDocuments({ key, bytes, file }: Shown): Document {
  const document = {
    _id: key,
    name: file.name,
    type: file.type,
    size: bytes,
    format: file.size ? typeSuffix(file.type) : '',
    typeGroup: typeGroupOf(file.type),
  }
  return { file: document, files: [document] }
}

function attachmentOf({ key, bytes, file }: Shown, description: string | undefined): Document {
  const link = linkOf(key, file.name)
  const { type, size } = file
  const common = {
    title: file.name,
    type: 'file',
    ...(description === undefined ? {} : { description }),
    title_link: link,
    title_link_download: true,
    fileId: key,
  }
  if (file.sealed) return { ...common, format: formatOf(file.name), size: bytes }
  switch (typeGroupOf(type)) {
    case 'image': {
      const dimensions = size ? { image_dimensions: { width: size.width, height: size.height } } : {}
      return { ...common, image_url: link, image_type: type, image_size: bytes, ...dimensions }
    }
    case 'audio':
      return { ...common, audio_url: link, audio_type: type, audio_size: bytes }
    case 'video':
      return { ...common, video_url: link, video_type: type, video_size: bytes }
    default:
      return { ...common, format: formatOf(file.name), size: bytes }
  }
}

/** A file in a list of the room's. */
export function uploadDocument({ key, bytes, by, file }: MessageFile, room: RoomState, user: UserRef): Document {
  const path = linkOf(key, file.name)
  const at = new Date(file.uploadedAt)
  return {
    _id: key,
    name: file.name,
    type: file.type,
    typeGroup: typeGroupOf(file.type),
    extension: file.name.includes('.') ? file.name.split('.').at(-1) : '',
    size: bytes,
    rid: ridOf(room),
    userId: by,
    user,
    store: 'GridFS:Uploads',
    path,
    url: path,
    complete: true,
    uploading: false,
    progress: 1,
    uploadedAt: at,
    _updatedAt: at,
    ...(file.size ? { identify: { format: typeSuffix(file.type), size: file.size } } : {}),
    ...(file.content ? { content: file.content } : {}),
  }
}

function typeSuffix(type: string): string {
  return type.split('/', 2)[1] ?? ''
}
