import { describePosition, nameSite, type OpenSite, type RankPosition } from '@rankscope/timeline';

/** What a plate says of a rank that others wait for, the longest first: a narrow lane takes a later one. */
export function absentTexts(position: RankPosition): string[] {
  const where = describePosition(position).replace(/^ended[^:]*: /, '');
  const number = position.notIn?.barrierSeq;
  return [`not there: ${where}`, where, ...(number === undefined ? [] : [`not in ${number}`])];
}

/** What a plate says of a rank inside a collective, the longest first. */
export function insideTexts({ layer, barrierSeq, ...site }: OpenSite): string[] {
  const name = `inside ${nameSite({ ...site, barrierSeq })}`;
  return [
    ...(layer === null ? [] : [`${name}, layer ${layer}`]),
    name,
    ...(barrierSeq === null ? [] : [`in ${barrierSeq}`]),
  ];
}
