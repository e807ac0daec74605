import { randomBytes } from 'node:crypto'
import { get, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

/** A session with the inspector of a process, https://chromedevtools.github.io/devtools-protocol/v8/. */
export interface InspectorSession {
  /** What an expression comes to, as plain data. Throws with its message where it throws. */
  evaluate(expression: string): Promise<unknown>
  close(): void
}

const TIMEOUT_MS = 10_000

/** Opens a session on a port of loopback. Throws where nothing answers as an inspector does. */
export async function openInspector(port: number): Promise<InspectorSession> {
  const [target] = await listTargets(port)
  const path = new URL(target?.webSocketDebuggerUrl ?? '').pathname
  const socket = await upgrade(port, path)
  return new Session(socket)
}

interface Target {
  readonly webSocketDebuggerUrl?: string
}

function listTargets(port: number): Promise<readonly Target[]> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/json/list', timeout: TIMEOUT_MS }
    const asked = get({ ...options, agent: false }, (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(JSON.parse(text))
        } catch (error) {
          reject(error)
        }
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('The inspector does not answer.')))
    asked.on('error', reject)
  })
}

/** The opening handshake of RFC 6455. */
function upgrade(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'WebSocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    }
    const options = { host: '127.0.0.1', port, path, headers, timeout: TIMEOUT_MS, agent: false }
    const asked = request(options)
    asked.on('upgrade', (_response, socket) => resolve(socket as Socket))
    asked.on('response', ({ statusCode }) => reject(new Error(`It answers ${statusCode}.`)))
    asked.on('timeout', () => asked.destroy(new Error('The inspector does not answer.')))
    asked.on('error', reject)
    asked.end()
  })
}

interface Answer {
  readonly id?: number
  readonly error?: { readonly message: string }
  readonly result?: {
    readonly result?: { readonly value?: unknown }
    readonly exceptionDetails?: {
      readonly text: string
      readonly exception?: { readonly description?: string }
    }
  }
}

class Session implements InspectorSession {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: Answer | Error) => void>()
  #received = Buffer.alloc(0)
  #last = 0

  constructor(socket: Socket) {
    this.#socket = socket
    const end = () => {
      for (const done of this.#waiting.values()) done(new Error('The inspector hung up.'))
    }
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
    socket.on('error', end).on('close', end)
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
  }

  async evaluate(expression: string): Promise<unknown> {
    const id = ++this.#last
    const params = { expression, includeCommandLineAPI: true, returnByValue: true }
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params })
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, (got) => (got instanceof Error ? reject(got) : resolve(got)))
      this.#socket.write(frameOf(message))
    })
    this.#waiting.delete(id)
    const { error, result } = answer
    const thrown = result?.exceptionDetails
    if (error !== undefined) throw new Error(error.message)
    if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text)
    return result?.result?.value
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    for (;;) {
      const frame = parseFrame(this.#received)
      if (frame === null) return
      this.#received = this.#received.subarray(frame.end)
      if (frame.text === null) continue
      const answer = JSON.parse(frame.text) as Answer
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer)
    }
  }
}

const TEXT = 1

/** A whole text message of a client, RFC 6455, 5.2: masked, as all of them are. Pure but for the mask. */
export function frameOf(text: string, mask = randomBytes(4)): Buffer {
  const body = Buffer.from(text)
  const head = body.length < 126 ? Buffer.alloc(2) : Buffer.alloc(body.length < 65_536 ? 4 : 10)
  head[0] = 0x80 | TEXT
  if (head.length === 2) head[1] = 0x80 | body.length
  else if (head.length === 4) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(body.length, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(body.length), 2)
  }
  const masked = body.map((byte, at) => byte ^ (mask[at & 3] as number))
  return Buffer.concat([head, mask, masked])
}

/** The first frame of a server's, and where it ends; null where it is not all there. Pure. */
export function parseFrame(bytes: Buffer): { text: string | null; end: number } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] as number) & 0x7f
  const head = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < head) return null
  const length =
    short < 126 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  const end = head + length
  if (bytes.length < end) return null
  const isText = ((bytes[0] as number) & 0x0f) === TEXT
  return { text: isText ? bytes.toString('utf8', head, end) : null, end }
}
