import { createHash } from 'node:crypto';

/** As much of our own OpenAPI document as a person reads. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

const style = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,h2{font-family:ui-monospace,monospace;overflow-wrap:anywhere}h2{font-size:1rem;margin:2rem 0 .25rem}
p,ul{margin:.25rem 0}@media (prefers-color-scheme:light){b{color:#075985}}@media (prefers-color-scheme:dark){b{color:#7dd3fc}}`;

/** Runs nothing and loads nothing; its one inline style is named by its hash. */
export const docsPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The page at `/docs`: the document of `/openapi.json`, as a person reads it. */
export function docsPage({ paths }: Description): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationHtml(method, path, operation)),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rankscope: what this plane answers</title><style>${style}</style></head>
<body><main><h1>What this plane answers</h1>
<p>The same for programs, with every field: <a href="/openapi.json">/openapi.json</a>.</p>
${operations.join('\n')}
</main></body></html>
`;
}

function operationHtml(method: string, path: string, { summary, parameters = [], requestBody, responses }: Operation) {
  const rows = [
    ...parameters.map(parameterHtml),
    ...(requestBody ? [`<li>body: ${contentHtml(requestBody.content)}</li>`] : []),
    ...Object.entries(responses).map(
      ([status, { description, content }]) =>
        `<li>${status === 'default' ? 'else' : text(status)}: ${text(description)}, ${contentHtml(content)}</li>`,
    ),
  ];
  return `<h2><b>${text(method.toUpperCase())}</b> ${text(path)}</h2><p>${text(summary)}</p><ul>${rows.join('')}</ul>`;
}

function parameterHtml({ name, in: place, required, schema }: Parameter): string {
  const { type, description, minimum, maximum } = schema;
  const facts = [
    `${place}${required ? ', required' : ''}`,
    type,
    minimum === undefined || maximum === undefined ? undefined : `${minimum} to ${maximum}`,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
    description,
  ];
  return `<li><code>${text(name)}</code>: ${text(facts.filter((fact) => fact !== undefined).join(', '))}</li>`;
}

function contentHtml(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const name = schema?.$ref?.split('/').at(-1);
      return `<code>${text(type)}</code>${name === undefined ? '' : ` ${text(name)}`}`;
    })
    .join(' or ');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function text(raw: string): string {
  return raw.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}
