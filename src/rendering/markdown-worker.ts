// Renders in a thread of its own, one text after another: a hostile one may take as long as its sender likes, until this thread is ended.

import { parentPort } from 'node:worker_threads'
import { renderMarkdown } from './render-markdown.ts'

if (!parentPort) throw new Error('markdown-worker.ts runs in a worker thread')
const port = parentPort
port.on('message', (text: string) => port.postMessage(renderMarkdown(text)))
// Code that has never run costs several times what it costs later: an honest text is not to be given up because it is the first one.
renderMarkdown(
  '# a\n- *b* ~~c~~ [d](https://example.com "e") www.example.com me@example.com\n\n|f|\n|-|\n|`g`|\n'.repeat(100),
)
port.postMessage('ready')
