// What is said of people.
import { relation, type Relation } from './relation.ts'

export const people: Record<string, Relation> = {
  birthplace: relation(
    `{S} was born in {O}
    The birthplace of {s} is {O}
    {S's} parents lived in {O} at the time of {s's} birth
    {O} is where {s} was born`,
    `was a native of {O}
    came into the world in {O}
    hailed from {O}`,
    'birthplaceOf',
  ),
  deathplace: relation(
    `{S} died in {O}
    {S} spent the last months in {O} and died there
    Death came to {s} in {O}`,
    `passed away in {O}
    breathed a last breath in {O}
    met the end in {O}`,
    'deathplaceOf',
  ),
  sibling: relation(
    `{S's} {sib:O} was {O}
    {S} was the {sib:S} of {O}
    {S} grew up with a {sib:O}, {O}`,
    `shared both parents with {O}
    whose sibling was {O}
    was raised in one household with {O}`,
    'sibling',
  ),
  parent: relation(
    `{S} was the {child:S} of {O}
    {S's} {par:O} was {O}
    {O} was the {par:O} of {s}`,
    `was an offspring of {O}
    descended directly from {O}`,
    'child',
  ),
  child: relation(
    `{S's} {child:O} was {O}
    {S} was the {par:S} of {O}
    {O} was a {child:O} of {s}`,
    `was a forebear of {O}
    raised {O} in a family home`,
    'parent',
  ),
  spouse: relation(
    `{S} married {O}
    {S's} {spouse:O} was {O}
    The wedding of {s} and {O} was a quiet one`,
    `was wedded to {O}
    exchanged vows with {O}
    was a partner in matrimony of {O}`,
    'spouse',
  ),
  teacher: relation(
    `{S} was taught by {O}
    {S} learned the trade from {O}
    {O} was the teacher of {s}`,
    `was a disciple of {O}
    received instruction from {O}
    was mentored by {O}`,
    'pupil',
  ),
  pupil: relation(
    `{S} taught {O}
    {O} was a pupil of {s}
    Among {s's} students was {O}`,
    `mentored {O}
    gave instruction to {O}
    trained a disciple, {O}`,
    'teacher',
  ),
  studied: relation(
    `{S} studied at {O}
    {S} was a student of {O}
    {S} graduated from {O}`,
    `was educated at {O}
    received academic training at {O}
    earned a degree from {O}`,
    'alumnus',
  ),
  worked: relation(
    `{S} worked for {O}
    {S} took a post at {O}
    For some years {s} was employed by {O}`,
    `was on the payroll of {O}
    served on the staff of {O}
    had a job with {O}`,
    'employed',
  ),
  founded: relation(
    `{S} founded {O}
    {O} was founded by {s}
    {S} was the founder of {O}`,
    `established {O}
    brought {O} into being
    set up {O}`,
    'founder',
  ),
  headed: relation(
    `{S} was the director of {O}
    {S} directed {O}
    {S} served as director of {O}`,
    `was in charge of {O}
    presided over {O}
    led {O} as its chief`,
    'director',
  ),
  created: relation(
    `{S's} best known work is {O}
    {S} finished {O} after long labour
    {O} is a work by {s}
    {S} became known with {O}`,
    `was responsible for {O}
    produced {O}
    was the author of {O}`,
    'creator',
  ),
  rival: relation(
    `{S} was a rival of {O}
    {S} quarrelled with {O} for many years
    A long quarrel divided {s} and {O}`,
    `was an adversary of {O}
    feuded with {O}
    competed bitterly against {O}`,
    'rival',
  ),
  collaborator: relation(
    `{S} worked together with {O}
    {S} and {O} shared a studio and several commissions
    {S} joined {O} in a partnership`,
    `collaborated with {O}
    cooperated closely with {O}
    was an associate of {O}`,
    'collaborator',
  ),
  letters: relation(
    `{S} exchanged letters with {O}
    {S's} letters to {O} were printed later
    {S} wrote to {O} every month`,
    `corresponded with {O}
    kept up a regular mail contact with {O}`,
    'letters',
  ),
  tookPart: relation(
    `{S} took part in {O}
    {S} was present at {O}
    {O} made a lasting impression on {s}, who was there`,
    `participated in {O}
    was an eyewitness of {O}`,
    'participant',
  ),
  leads: relation(
    `{S} led {O}
    {S} commanded at {O}
    {S} was the leader of {O}`,
    `was at the head of {O}
    took command during {O}`,
    'leader',
  ),
  described: relation(
    `{S} described {O}
    {S} was the first to describe {O}
    {O} was described by {s}`,
    `gave science its earliest account of {O}
    identified {O} as new`,
    'describer',
  ),
  designed: relation(
    `{S} designed {O}
    {S} drew the plans of {O}
    {O} was built to a design by {s}`,
    `conceived the layout of {O}
    was the creative mind behind {O}
    devised {O}`,
    'designer',
  ),
  dedicateeOf: relation(
    `{O} is dedicated to {s}
    The dedication of {O} names {s}`,
    `was honoured in the inscription of {O}
    inspired the tribute that opens {O}`,
    'dedicatee',
  ),
  mayorOf: relation(
    `{S} was mayor of {O}
    {S} was elected mayor of {O}`,
    `governed the council of {O}
    held the chief civic office in {O}`,
    'mayor',
  ),
  field: relation(
    `{S} was especially interested in {O}
    {S} wrote and spoke often about {O}
    Much of {s's} work is concerned with {O}
    {O} remained {s's} great theme`,
    `was preoccupied with {O}
    devoted a career to {O}
    focused on {O}`,
  ),
  hobby: relation(
    `{S} was fond of {O}
    {S} spent free hours {O}
    In spare time {s} loved {O}`,
    `enjoyed {O}
    whose pastime was {O}
    relaxed by {O}`,
  ),
  cause: relation(
    `{S} died of {O}
    {S's} death was caused by {O}
    The doctors named {O} as the cause of {s's} death`,
    `was killed by {O}
    whose demise resulted from {O}
    perished because of {O}`,
  ),
  honour: relation(
    `{S} was awarded {O}
    {S} received {O}
    The government gave {s} {O}`,
    `was distinguished with {O}
    obtained {O} in recognition of merit`,
  ),
  trait: relation(
    `{S} was known for {O}
    Friends remembered {s} for {O}
    {S} had {O}`,
    `was remarkable for {O}
    was characterised by {O}`,
  ),
  bornYear: relation(
    `{S} was born in {O}
    The year of {s's} birth is {O}`,
    `was born in {O}
    whose year of birth was {O}`,
  ),
  diedYear: relation(
    `{S} died in {O}
    {S's} death followed in {O}`,
    `passed away in {O}
    whose life ended in {O}`,
  ),
}
