/**
 * Small changes to a source, each of which a test should notice.
 *
 * @module
 */
import ts from "typescript";

/** One change. */
export interface Mutant {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** From 1. */
  readonly line: number;
}

const COMPARISONS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
]);
const JUNCTIONS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
]);
const SUMS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.PlusEqualsToken, "-="],
  [ts.SyntaxKind.MinusEqualsToken, "+="],
]);

/** All there are of a source. */
export function mutantsOf(text: string): Mutant[] {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const add = (kind: string, node: ts.Node, replacement: string): void => {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    mutants.push({ kind, start, end: node.getEnd(), replacement, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const { operatorToken } = node;
      const comparison = COMPARISONS.get(operatorToken.kind);
      if (comparison !== undefined) add("a comparison flipped", operatorToken, comparison);
      const junction = JUNCTIONS.get(operatorToken.kind);
      if (junction !== undefined) add("&& and || swapped", operatorToken, junction);
      const sum = SUMS.get(operatorToken.kind);
      if (sum !== undefined && !ts.isStringLiteralLike(node.left) && !ts.isTemplateExpression(node.right)) {
        add("a sum turned", operatorToken, sum);
      }
    } else if (ts.isIfStatement(node) && leaves(node.thenStatement) && node.elseStatement === undefined) {
      add("a guard removed", node, "");
    } else if (ts.isExpressionStatement(node) && ts.isBlock(node.parent)) {
      add("a statement removed", node, "");
    } else if (ts.isAwaitExpression(node)) {
      add("an await removed", node, node.expression.getText(source));
    } else if (ts.isNumericLiteral(node) && !ts.isPropertyAssignment(node.parent)) {
      add("a constant moved", node, `${Number(node.text.replaceAll("_", "")) + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/** The source with one of them in it. */
export function mutated(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Whether a statement does nothing but leave. */
function leaves(statement: ts.Statement): boolean {
  if (ts.isBlock(statement)) return statement.statements.length === 1 && leaves(statement.statements[0]!);
  return ts.isReturnStatement(statement) || ts.isContinueStatement(statement) ||
    ts.isBreakStatement(statement) || ts.isThrowStatement(statement);
}
